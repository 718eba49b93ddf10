import pulumi
import pulumi_kubernetes as k8s
from files import File

hidden = pulumi.Output.secret("hush-2")
file = File("a", pulumi.Output.all("open", hidden).apply("-".join))
data = {"open": "no", "hidden": hidden}
k8s.core.v1.ConfigMap("map", metadata={"name": "map", "labels": {"l": hidden}}, data=data)
pulumi.export("deep", {"list": ["open", hidden, {"hidden": hidden}], "open": file.id.apply(lambda _: 1)})
pulumi.export("shout", file.shout)
