"""Where a version's files may come from: this machine, a hub, another bucket, a URL; or several of them together."""
