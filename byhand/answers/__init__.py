"""Answers as people type them: a text, its key and a rule go in; how it was read, and whether it is right, come out."""
