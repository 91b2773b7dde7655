"""Derivations and worked answers, as documents."""
