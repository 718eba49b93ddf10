import pulumi
import pulumi_aws as aws
from files import File


class Store(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("test:index:Store", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(f"{name}-bucket", bucket=f"of-{name}", opts=inside)
        self.file = File(f"{name}-file", self.bucket.arn, opts=inside)
        self.register_outputs({"bucket": self.bucket.bucket, "region": self.bucket.region})


west = aws.Provider("west", region="us-west-2")
store = Store("store", opts=pulumi.ResourceOptions(providers=[west], retain_on_delete=False))
pulumi.export("region", store.bucket.region)
