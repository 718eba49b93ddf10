import pulumi
from files import File

a = File("a", pulumi.Output.secret("hush now"))
b = File("b", a.content, opts=pulumi.ResourceOptions(additional_secret_outputs=["shout"]))
pulumi.export("content", a.content)
pulumi.export("shout", b.shout)
