"""A graph as a live workbook."""
