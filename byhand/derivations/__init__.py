"""Symbolic derivations, each line of which is checked."""
