"""The arithmetics that a cell rule can be read in."""
