"""Models that keep a state in place of attention."""
