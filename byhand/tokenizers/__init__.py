"""From a text to pieces with ids, and back: characters, words, BPE, WordPiece and Unigram, with each step of the way.

What comes in is a text and a vocabulary (learnt here, or from a file); what goes out is an Encoding.
"""
