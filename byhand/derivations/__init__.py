"""Symbolic derivations: in goes the name of a topic, out comes its page, each line of which was proved."""
