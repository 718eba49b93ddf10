"""A laptop-sized engine, AWS and cluster, to try stacks and to test them."""
