"""What sky: synthetic weather years and readers of real files, both ending in one weather table."""
