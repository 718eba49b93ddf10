import pulumi

from pulumi_modelstore import KeyValueStore, ValkeyServer, VersityServer

DIGEST = "sha256:" + "0" * 64
server = ValkeyServer("cache", image=f"docker.io/valkey/valkey:8.1@{DIGEST}", storage="4Gi", password_generation=0)
KeyValueStore("sessions", engine=server)
store = VersityServer("models-store", image=f"docker.io/versity/versitygw:v1.8.0@{DIGEST}")
pulumi.export("url", server.url)
pulumi.export("password", server.password)
