"""Issuing keys on stores whose keys no Pulumi provider issues: one file a store, found by its kind."""
