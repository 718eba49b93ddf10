import pulumi
from files import File

dbr = pulumi.ResourceOptions(delete_before_replace=True)
a = File("a", "one", name="first", opts=dbr)
b = File("b", "x", name=a.shout)
c = File("c", "still", opts=pulumi.ResourceOptions(depends_on=[a]))
d = File("d", b.shout)
