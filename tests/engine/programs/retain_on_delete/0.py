import pulumi
from files import File

a = File("a", "one", opts=pulumi.ResourceOptions(retain_on_delete=True))
b = File("b", "one")
c = File("c", "goes with b", opts=pulumi.ResourceOptions(deleted_with=b))
