"""Small models set by hand, to see inside attention."""
