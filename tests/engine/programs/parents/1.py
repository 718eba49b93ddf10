import pulumi
from files import File, Folder

outer = Folder("outer")
a = File("a", "one", opts=pulumi.ResourceOptions(parent=outer))
b = File("b", "two", opts=pulumi.ResourceOptions(depends_on=[outer]))
