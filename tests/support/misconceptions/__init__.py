"""Every misconception worked out in plain numpy from its description, a module for each kind of model; never byhand."""

from __future__ import annotations

from support.misconceptions import adapting, inference, pieces, states, transformer, variants

Case = transformer.Case
CASES = transformer.CASES | variants.CASES | states.CASES | pieces.CASES | inference.CASES | adapting.CASES
"""Misconception -> the subject in which it is planted, and what the student then has."""
MORE = transformer.MORE + variants.MORE + states.MORE + adapting.MORE
"""The same misconceptions in other places."""
RIGHT = transformer.RIGHT | variants.RIGHT | states.RIGHT | pieces.RIGHT | inference.RIGHT | adapting.RIGHT
"""With nothing wrong, the same plain numpy says what the model does."""
