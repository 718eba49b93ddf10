"""An object store in the cluster, then a model in it and the Secret with which pods read that model.

Configuration:
    image     image of the server, by digest
    cliImage  image with the AWS CLI, by digest; given, a Job in the cluster makes the bucket
    server    versity (the default) or minio
    endpoint  URL at which this machine and the pods reach the server; unset, only the server is deployed
    model     folder or file of the model, such as a GGUF; unset, `model`

The first `up` deploys the server. Its root key is then in its Secret; with STORE_ACCESS_KEY_ID and
STORE_SECRET_ACCESS_KEY set to it and the endpoint configured, the next `up` uploads the model.
"""

import pulumi

from pulumi_modelstore import AccessKeyPair, MinioServer, ModelArtifact, StorageNamespace, VersityServer

BUCKET = "models"

config = pulumi.Config()
kind = config.get("server") or "versity"
Server = MinioServer if kind == "minio" else VersityServer
server = Server("models-store", image=config.require("image"), storage=config.get("storage") or "500Gi")
pulumi.export("server", server.endpoint)
pulumi.export("root_secret", server.secret_name)

cli_image = config.get("cliImage")
job = server.bucket_job(BUCKET, image=cli_image) if cli_image else None

endpoint = config.get("endpoint")
if endpoint:
    options = pulumi.ResourceOptions(depends_on=[server, *([job] if job else [])])
    backend = server.backend(BUCKET, endpoint=endpoint, credentials="env:STORE")
    models = StorageNamespace("models", backend=backend, opts=options)
    # MinIO issues keys that open this bucket alone; versitygw's root key opens all of its own.
    brought = None if kind == "minio" else [server.root_key]
    readers = AccessKeyPair("readers", namespace=models, read_only=kind == "minio", keys=brought)
    artifact = ModelArtifact("demo", namespace=models, source=config.get("model") or "model")
    credentials = models.kserve_credentials("readers", keys=readers)
    pulumi.export("model", artifact.uri)
    pulumi.export("secret", credentials.secret_name)
