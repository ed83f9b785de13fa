"""How much more infeed or demand a bus takes until the first limit is reached."""
