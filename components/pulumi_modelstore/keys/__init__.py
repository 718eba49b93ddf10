"""Access keys of a namespace: pairs that rotate, single ones, and ones brought along."""
