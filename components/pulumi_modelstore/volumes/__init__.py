"""Volumes that models are served from: their size, their storage class, and what fills them."""
