import pulumi

pulumi.export("nothing", True)
