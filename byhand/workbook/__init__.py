"""A graph as a live workbook, and workbooks read back and recalculated."""
