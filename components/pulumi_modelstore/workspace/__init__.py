"""Small stores for applications beside the models: key-value, queues, objects, and servers for them in the cluster."""
