"""Runs an unmodified Pulumi program in this process and takes the steps that the Pulumi CLI would take."""
