"""What a report reads from a run folder."""
