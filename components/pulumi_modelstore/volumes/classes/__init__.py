"""Storage classes by the system that gives the storage. A file a vendor; `registry` finds one by its kind."""
