"""Answers as people type them: what they are read as, and whether they are right."""
