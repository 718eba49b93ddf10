import pulumi
from files import File

a = File("a", "two")
b = File("b", a.shout)
pulumi.export("shout", b.shout)
