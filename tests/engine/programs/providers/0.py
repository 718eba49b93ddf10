import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

west = aws.Provider("west", region="us-west-2")
room = k8s.Provider("room", namespace="room")
bucket = aws.s3.Bucket("bucket", bucket="explicit", opts=pulumi.ResourceOptions(provider=west))
same = aws.s3.Bucket.get("same", bucket.id, opts=pulumi.ResourceOptions(provider=west))
in_room = pulumi.ResourceOptions(provider=room)
k8s.core.v1.ConfigMap("settings", metadata={"name": "settings"}, data={"bucket": bucket.bucket}, opts=in_room)
pulumi.export("region", same.region)
