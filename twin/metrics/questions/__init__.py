"""What the shipped questions measure beside the key figures."""
