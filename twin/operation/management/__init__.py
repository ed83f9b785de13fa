"""Network management of a half-hour: security, congestion, voltage, import remedies, taps and reactors."""
