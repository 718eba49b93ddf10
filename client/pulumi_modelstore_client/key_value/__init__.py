"""The key-value store: namespaces of keys and values, in Valkey, Redis or DynamoDB."""
