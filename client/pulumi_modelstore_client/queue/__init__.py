"""The message queue: first in, first out in each group, in Valkey, Redis or SQS."""
