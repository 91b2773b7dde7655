"""The layers of the papers, as plain functions from tables to tables."""
