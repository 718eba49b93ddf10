"""Models in a namespace: versions by content, and the tags that point to them."""
