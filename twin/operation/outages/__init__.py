"""What the outages of a half-hour show: all branches one by one, and the trip of a link's circuit."""
