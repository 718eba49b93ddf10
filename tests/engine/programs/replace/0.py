import pulumi
from files import File

a = File("a", "one", name="first")
b = File("b", a.shout)
c = File("c", "still", opts=pulumi.ResourceOptions(depends_on=[a]))
