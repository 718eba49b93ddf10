"""Dynamic resources: thin adapters between the engine's calls and the handlers. Users' states hold their paths."""
