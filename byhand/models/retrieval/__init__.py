"""Models that look things up while they predict."""
