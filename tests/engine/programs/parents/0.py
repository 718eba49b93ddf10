import pulumi
from files import File, Folder

outer = Folder("outer")
inner = Folder("inner", opts=pulumi.ResourceOptions(parent=outer))
a = File("a", "one", opts=pulumi.ResourceOptions(parent=inner))
b = File("b", "one", opts=pulumi.ResourceOptions(depends_on=[outer]))
