"""The command `modelstore sandbox`."""

from pulumi_modelstore_sandbox.cli.group import sandbox

__all__ = ["sandbox"]
