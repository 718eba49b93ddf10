import pulumi
from files import File

b = File("b", "three")
pulumi.export("shout", b.content)
