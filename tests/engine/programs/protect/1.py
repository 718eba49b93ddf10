import pulumi
from files import File

a = File("a", "two", opts=pulumi.ResourceOptions(protect=False))
