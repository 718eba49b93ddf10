"""Transfers side by side: this package, other clients, and the limit of the machine."""
