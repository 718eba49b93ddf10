import pulumi
from files import File


def stamp(args):
    if args.custom:
        return pulumi.ResourceTransformResult({**args.props, "content": "stamped"}, args.opts)
    return None


pulumi.runtime.register_resource_transform(stamp)
a = File("a", "one")
b = File("b", "one")
