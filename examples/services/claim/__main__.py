"""A claim that files are brought to by hand, and a service that serves one folder of it.

modelstore files upload -r -n project-a weights/llama demo-models:/llama     after the first `up`
"""

import pulumi

from pulumi_modelstore import Gpu, GpuInferenceService, ModelVolume, VllmRuntime

claim = ModelVolume("demo", size="50Gi", claim_name="demo-models", kubernetes_namespace="project-a")
service = GpuInferenceService(
    "llama",
    model=claim,
    model_path="llama",
    runtime=VllmRuntime(image="vllm/vllm-openai:v0.11.0"),
    gpu=Gpu(count=1, memory="24Gi"),
    kubernetes_namespace="project-a",
)
pulumi.export("claim", claim.claim_name)
pulumi.export("storage_uri", service.storage_uri)
