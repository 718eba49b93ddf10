"""Qwen3.5-35B-A3B in INT4: 35 billion parameters at half a byte are 17.5 GB; 30Gi hold them, and one GPU of 24Gi.

Configuration, optional:
    revision    branch, tag or commit; unset, main, which stays at the commit that modelstore.lock records
"""

import pulumi

from pulumi_modelstore import Gpu, GpuInferenceService, HuggingFaceFill, ModelSize, ModelVolume, Resources, VllmRuntime

config = pulumi.Config()
volume = ModelVolume(
    "qwen3-5-35b-a3b",
    size="30Gi",
    model=ModelSize(parameters="35B", precision="INT4"),
    fill=HuggingFaceFill(
        repository="Qwen/Qwen3.5-35B-A3B-GPTQ-Int4",
        revision=config.get("revision") or "main",
    ),
    kubernetes_namespace="llm",
)
service = GpuInferenceService(
    "qwen3-5-35b-a3b",
    model=volume,
    runtime=VllmRuntime(image="vllm/vllm-openai:v0.11.0", arguments=("--max-model-len=32768",)),
    gpu=Gpu(count=1, memory="24Gi"),
    resources=Resources(cpu="8", memory="48Gi"),
    kubernetes_namespace="llm",
)
pulumi.export("claim", volume.claim_name)
pulumi.export("service", service.service_name)
