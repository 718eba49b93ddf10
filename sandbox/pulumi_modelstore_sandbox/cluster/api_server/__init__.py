"""The cluster as a real API server, through server-side apply."""
