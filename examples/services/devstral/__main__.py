"""Devstral Small: 24 billion parameters in BF16 are 48 GB, so 80Gi hold them; two replicas share the volume.

Configuration, optional:
    revision        branch, tag or commit; unset, main, which stays at the commit that modelstore.lock records
    storageClass    class of the volume, of a file system that several nodes can mount
The Secret `hf-token` of the namespace `llm` has a token of the hub under the key HF_TOKEN.
"""

import pulumi

from pulumi_modelstore import (
    Gpu,
    GpuInferenceService,
    HuggingFaceFill,
    ModelSize,
    ModelVolume,
    PodPlacement,
    Resources,
    Toleration,
    VllmRuntime,
)

config = pulumi.Config()
volume = ModelVolume(
    "devstral-small",
    size="80Gi",
    model=ModelSize(parameters="24B", precision="BF16"),
    storage_class=config.get("storageClass") or "shared-models",
    access_mode="ReadWriteMany",
    nodes=2,
    fill=HuggingFaceFill(
        repository="mistralai/Devstral-Small-2507",
        revision=config.get("revision") or "main",
        token_secret="hf-token",
    ),
    kubernetes_namespace="llm",
)
service = GpuInferenceService(
    "devstral-small",
    model=volume,
    runtime=VllmRuntime(
        image="vllm/vllm-openai:v0.11.0",
        arguments=("--tokenizer-mode=mistral", "--config-format=mistral", "--load-format=mistral"),
    ),
    gpu=Gpu(count=1, memory="80Gi"),
    resources=Resources(cpu="8", memory="96Gi"),
    min_replicas=2,
    placement=PodPlacement(tolerations=(Toleration(key="nvidia.com/gpu", effect="NoSchedule"),)),
    kubernetes_namespace="llm",
)
pulumi.export("claim", volume.claim_name)
pulumi.export("service", service.service_name)
