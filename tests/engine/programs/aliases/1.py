import pulumi
from files import File, Folder

folder = Folder("renamed", opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="folder")]))
a = File("a", "one", opts=pulumi.ResourceOptions(parent=folder))
b = File(
    "b", "one", opts=pulumi.ResourceOptions(parent=folder, aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)])
)
