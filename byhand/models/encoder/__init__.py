"""Transformers that read a whole text or picture at once."""
