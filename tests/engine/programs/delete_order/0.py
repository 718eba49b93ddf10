import pulumi
from files import File, Folder

a = File("a", "one")
b = File("b", a.shout)
c = File("c", b.shout, opts=pulumi.ResourceOptions(depends_on=[a]))
folder = Folder("folder")
d = File("d", "inside", opts=pulumi.ResourceOptions(parent=folder))
