"""The sandbox's providers as plugins of the Pulumi CLI: executables that it finds on PATH and speaks gRPC to."""
