import pulumi
from files import File, Folder

folder = Folder("folder")
a = File("a", "one", opts=pulumi.ResourceOptions(parent=folder))
b = File("b", "one")
