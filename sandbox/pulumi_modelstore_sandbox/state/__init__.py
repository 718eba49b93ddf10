"""A stack's state: Pulumi's deployment JSON, version 3, in a file that is always whole, with secrets encrypted."""
