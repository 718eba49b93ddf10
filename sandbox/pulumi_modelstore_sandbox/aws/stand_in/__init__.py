"""The process behind the sandbox's AWS: moto's application, kept honest about keys and kept on disk."""
