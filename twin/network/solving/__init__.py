"""The batched AC solver: factors of a network, and compiled iterations on many rows."""
