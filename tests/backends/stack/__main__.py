"""A model, the keys of its readers and its service, the same on every backend."""

import pulumi

from pulumi_modelstore import (
    AccessKey,
    AccessKeyPair,
    ExistingKey,
    Gpu,
    GpuInferenceService,
    ModelArtifact,
    StorageNamespace,
    backend_from_config,
)

config = pulumi.Config()
models = StorageNamespace("models", backend=backend_from_config(), adopt=config.get_bool("adopt") or False)

if models.backend.issues_keys:
    rotation, overlap = config.get_int("rotation") or 0, config.get_bool("overlap") is not False
    readers = AccessKeyPair("readers", namespace=models, read_only=True, rotation=rotation, overlap=overlap)
else:
    # Brought along, the current one first: configuration entries that end in AccessKeyId and SecretAccessKey.
    brought = [ExistingKey.from_config(name) for name in config.require_object("keys")]
    readers = AccessKeyPair("readers", namespace=models, read_only=True, keys=brought)
if config.get_bool("onemore"):
    single = None if models.backend.issues_keys else ExistingKey.from_config("onemore")
    AccessKey("onemore", namespace=models, read_only=True, key=single)

credentials = models.kserve_credentials("model-readers", keys=readers, kubernetes_namespace="serving")
tiny = ModelArtifact("tiny", namespace=models, source="model", tags={"latest": "stable", "stable": None})
GpuInferenceService(
    "tiny",
    model=tiny.at("latest"),
    credentials=credentials,
    runtime="kserve-vllmserver",
    model_format="vLLM",
    gpu=Gpu(count=1),
)

pulumi.export("uri", models.uri())
pulumi.export("accessKeyId", readers.access_key_id)
pulumi.export("secretAccessKey", readers.secret_access_key)
pulumi.export("previousAccessKeyId", readers.previous_access_key_id)
