"""Pieces of words: how they are learnt from a text, and how a word is cut into them."""
