"""What fills a volume: settings of each source, and the Job that runs them in the cluster."""
