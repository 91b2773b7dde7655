"""Every misconception worked out in plain numpy from its description, a module for each kind of model; never byhand."""

from __future__ import annotations

from support.misconceptions import adapting, families, inference, pieces, states, transformer, variants

Case = transformer.Case
MODULES = (transformer, variants, states, pieces, inference, adapting, families)
CASES = {name: case for module in MODULES for name, case in module.CASES.items()}
"""Misconception -> the subject in which it is planted, and what the student then has."""
MORE = transformer.MORE + variants.MORE + states.MORE + adapting.MORE
"""The same misconceptions in other places."""
RIGHT = {subject: case for module in MODULES for subject, case in module.RIGHT.items()}
"""With nothing wrong, the same plain numpy says what the model does."""
