import pulumi
from files import File

a = File("a", "one", name="second")
b = File("b", a.shout)
c = File("c", "still", opts=pulumi.ResourceOptions(depends_on=[a]))
