import pulumi
from files import File

a = File("a", "one", opts=pulumi.ResourceOptions(ignore_changes=["content"]))
b = File("b", "one")
