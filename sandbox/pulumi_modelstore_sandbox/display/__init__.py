"""Shows what the engine tells: a preview as a diff, a run as progress, both as JSON too."""
