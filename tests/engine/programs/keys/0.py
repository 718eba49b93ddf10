import pulumi
import pulumi_aws as aws

ROTATION = 0
bucket = aws.s3.Bucket("models", bucket="weights-for-parity", opts=pulumi.ResourceOptions(retain_on_delete=True))
user = aws.iam.User("reader", name="reader")
for slot, generation in (("even", 0), ("odd", ROTATION)):
    aws.iam.AccessKey(
        slot,
        user=user.name,
        opts=pulumi.ResourceOptions(replacement_trigger=generation, delete_before_replace=True),
    )
pulumi.export("bucket", bucket.arn)
