"""One replica on two nodes: 405 billion parameters in BF16 are 810 GB, and sixteen GPUs of 80Gi take up to 1,237 GB.

modelstore files upload -r -n llm weights/llama-405b llama-405b-model-storage:/     after the first `up`

Configuration, optional:
    storageClass    class of the volume, of a file system that both nodes can mount
"""

import pulumi

from pulumi_modelstore import Gpu, GpuInferenceService, ModelSize, ModelVolume, Parallel, Resources

config = pulumi.Config()
volume = ModelVolume(
    "llama-405b",
    model=ModelSize(parameters="405B", precision="BF16"),
    storage_class=config.get("storageClass") or "shared-models",
    access_mode="ReadWriteMany",
    nodes=2,
    kubernetes_namespace="llm",
)
service = GpuInferenceService(
    "llama-405b",
    model=volume,
    runtime="kserve-huggingfaceserver-multinode",
    model_format="huggingface",
    gpu=Gpu(count=8, memory="80Gi"),
    parallel=Parallel(tensor=8, pipeline=2, nodes=2),
    resources=Resources(cpu="32", memory="512Gi"),
    shared_memory="64Gi",
    kubernetes_namespace="llm",
)
pulumi.export("claim", volume.claim_name)
pulumi.export("service", service.service_name)
