"""A small stand-in for AWS: moto's server and a provider for the types that the components use."""
