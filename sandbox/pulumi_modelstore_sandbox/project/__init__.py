"""What a user's project says: Pulumi.yaml, Pulumi.<stack>.yaml and the configuration that follows from both."""
