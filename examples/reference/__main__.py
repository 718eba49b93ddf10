"""The reference stack: where the models are, how often keys rotate and what serves them, by configuration.

Configuration, all optional (see README.md beside this file):
    backend            object: `kind` and the settings of that backend; README.md has one of each kind
    adopt              true where the bucket exists
    model              file or folder of the model; unset, a small one is written to `model/` once
    version            name of the version; unset, from the content
    tags               list of tags for this version, or object of tags with their targets
    earlierVersions    list of versions in the store that tags may point to
    serve              tag to serve; unset, this version
    rotation           generation of the keys, from 0
    overlap            false ends the overlap of two keys
    kubernetesNamespace, runtime, modelFormat, gpus, minReplicas, maxReplicas: of the service
    readerAccessKeyId, readerSecretAccessKey: the key to read with, for stores where the stack makes none
"""

import sys
from pathlib import Path

import pulumi

from pulumi_modelstore import (
    AccessKeyPair,
    ExistingKey,
    Gpu,
    GpuInferenceService,
    ModelArtifact,
    StorageNamespace,
    backend_from_config,
)

config = pulumi.Config()
source = config.get("model")
if source is None:
    source = "model"
    if not Path(source).exists():
        sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "quickstart"))
        from small_model import write_small_model

        write_small_model(Path(source))

default_backend = {"kind": "aws-s3", "bucket": f"modelstore-reference-{pulumi.get_stack()}"}
backend = backend_from_config(config.get_object("backend", default_backend))
namespace = StorageNamespace(
    "models",
    backend=backend,
    description="Models of the reference stack",
    adopt=config.get_bool("adopt", False),
)
keys = AccessKeyPair(
    "models-reader",
    namespace=namespace,
    read_only=True,
    rotation=config.get_int("rotation", 0),
    overlap=config.get_bool("overlap", True),
    keys=None if backend.issues_keys else [ExistingKey.from_config("reader")],
)
artifact = ModelArtifact(
    "demo",
    namespace=namespace,
    source=source,
    version=config.get("version"),
    tags=config.get_object("tags"),
    earlier_versions=config.get_object("earlierVersions", []),
)
served = config.get("serve")
gpus = config.get_int("gpus", 1)
service = GpuInferenceService(
    "demo",
    model=artifact.at(served) if served else artifact,
    credentials=namespace.kserve_credentials(
        "models-reader-kserve",
        keys=keys,
        kubernetes_namespace=config.get("kubernetesNamespace") or "default",
    ),
    runtime=config.get("runtime") or "kserve-vllmserver",
    model_format=config.get("modelFormat") or "vLLM",
    gpu=Gpu(count=gpus) if gpus else None,
    min_replicas=config.get_int("minReplicas", 1),
    max_replicas=config.get_int("maxReplicas"),
)

pulumi.export("endpoint", namespace.endpoint)
pulumi.export("bucket", namespace.bucket)
pulumi.export("model_uri", artifact.uri)
pulumi.export("access_key_id", keys.access_key_id)
pulumi.export("secret_access_key", keys.secret_access_key)
pulumi.export("service", service.service_name)
