import pulumi
import pulumi_aws as aws
from files import File

user = aws.iam.User("user", name="reader", path="/models/")
file = File("a", user.arn)
File("b", file.shout)
pulumi.export("both", pulumi.Output.all(user.arn, file.shout).apply(len))
