import pulumi
from files import File

a = File("a", "two", opts=pulumi.ResourceOptions(ignore_changes=["content"]))
b = File("b", "two", opts=pulumi.ResourceOptions(ignore_changes=["*"]))
c = File("c", a.shout)
