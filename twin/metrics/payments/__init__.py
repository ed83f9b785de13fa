"""Who pays whom, half-hour by half-hour."""
