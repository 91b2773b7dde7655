"""Spreadsheet files: read, write, recalculate and verify .xlsx workbooks."""
