"""A key-value store in DynamoDB and queues in SQS, and one of each for a pod with a role."""

import pulumi

from pulumi_modelstore import DynamoDb, KeyValueStore, MessageQueue, Sqs

kept = pulumi.Config().get("onDelete") or "delete"
KeyValueStore("sessions", engine=DynamoDb(region="us-east-1", on_delete=kept), kubernetes_namespace="apps")
MessageQueue("jobs", engine=Sqs(region="us-east-1"), kubernetes_namespace="apps")
by_role = KeyValueStore("cache", engine=DynamoDb(region="us-east-1", issue_key=False, on_delete=kept))
pulumi.export("policy", by_role.policy)
