import pulumi
from files import File

a = File("a", "one", opts=pulumi.ResourceOptions(replacement_trigger=1, delete_before_replace=True))
b = File("b", "one", opts=pulumi.ResourceOptions(replacement_trigger="y"))
c = File("c", "rides on a", opts=pulumi.ResourceOptions(replace_with=[b]))
