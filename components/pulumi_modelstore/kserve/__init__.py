"""What KServe reads: Secrets, ServiceAccounts and InferenceServices."""
