"""Spreadsheet files: read within bounds, written, recalculated, verified."""
