"""What a service is made of beside its model: runtime, GPUs, place, environment, mounts."""
