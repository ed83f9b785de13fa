"""The area around the island as one node: its balance, its price, and whom its orders cut."""
