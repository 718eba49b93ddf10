import pulumi
import pulumi_aws as aws
from files import File

user = aws.iam.User("user", name="reader")
file = File("a", user.arn)
pulumi.export("both", pulumi.Output.all(user.arn, file.shout).apply(len))
