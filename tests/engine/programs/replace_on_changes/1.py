import pulumi
from files import File

a = File("a", "two", opts=pulumi.ResourceOptions(replace_on_changes=["content"]))
b = File("b", a.shout)
