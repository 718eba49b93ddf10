import pulumi
from files import File

a = File("a", "one", opts=pulumi.ResourceOptions(protect=True))
b = File("b", "one")
