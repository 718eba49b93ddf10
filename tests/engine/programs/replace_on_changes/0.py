import pulumi
from files import File

a = File("a", "one", opts=pulumi.ResourceOptions(replace_on_changes=["content"]))
b = File("b", a.shout)
