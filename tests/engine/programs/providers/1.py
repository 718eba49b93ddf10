import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

west = aws.Provider("west", region="us-west-2", default_tags={"tags": {"team": "models"}})
room = k8s.Provider("room", namespace="hall")
bucket = aws.s3.Bucket("bucket", bucket="explicit", tags={"a": "b"}, opts=pulumi.ResourceOptions(provider=west))
in_room = pulumi.ResourceOptions(provider=room)
k8s.core.v1.ConfigMap("settings", metadata={"name": "settings"}, data={"bucket": bucket.bucket}, opts=in_room)
pulumi.export("tags", bucket.tags_all)
