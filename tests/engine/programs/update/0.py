import pulumi
from files import File

a = File("a", "one")
b = File("b", a.shout)
pulumi.export("shout", b.shout)
