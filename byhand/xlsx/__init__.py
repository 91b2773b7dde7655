"""Spreadsheet files: .xlsx files go in and plain data comes out; ours are written, recalculated and verified."""
