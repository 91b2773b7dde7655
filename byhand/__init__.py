"""A transformer small enough to compute by hand, written once and read as numbers and as live spreadsheets."""

__version__ = "0.1.0"
