"""Storage systems, one file each: what a namespace, its keys and its KServe Secret are there."""
