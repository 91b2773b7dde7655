"""Of a checkpoint of an unknown kind: the known family whose tensors are most like its own, and which differ."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from byhand.checkpoints import FAMILIES
from byhand.checkpoints.family import Family
from byhand.checkpoints.folder import Tensors, brief

LIKE, MOST_TENSORS, SHOWN, LONGEST_NAME = 0.5, 100_000, 3, 80
"""The least share of names that two families have in common; the most tensors that are compared, and are named."""
Names = frozenset[str]


def nearest_family(tensors: Tensors) -> str:
    """Return a sentence's end: which family is nearest, what differs, and what to do; all families if none is near."""
    any_family = f"choose a checkpoint of one of {', '.join(FAMILIES)}"
    if len(tensors.shapes) > MOST_TENSORS:
        return any_family
    theirs = _patterns(tensors.shapes)
    best, share, known = "", 0.0, frozenset[str]()
    for kind in FAMILIES:
        names = _known(FAMILIES[kind], theirs)
        alike = len(names & theirs) / max(len(names | theirs), 1)
        if alike > share:
            best, share, known = kind, alike, names
    if share < LIKE:
        return any_family
    more, fewer = sorted(theirs - known), sorted(known - theirs)
    if not more and not fewer:
        same = f"its tensors have the names of {brief(best)}, so if it computes the same, write that as model_type"
        return f"{same}; {any_family}"
    parts = [f"it also has {_listed(more)}"] if more else []
    parts += [f"it lacks {_listed(fewer)}"] if fewer else []
    differs = f"its tensors are nearest to those of {brief(best)}: {', and '.join(parts)}"
    return f"{differs}; choose a checkpoint of {brief(best)} or of another kind that byhand reads"


def _known(family: Family, theirs: Names) -> Names:
    """Return the names of a family's tensors, spelled as the files do where they have them."""
    small = family.architecture.options
    try:
        tensors = [piece.tensor for _, piece in family.pieces(small)]
    except Exception:
        return frozenset()
    names = set()
    for tensor in tensors:
        spelled = [_pattern(name) for name in family.spelled(tensor)]
        names.add(next((name for name in spelled if name in theirs), spelled[0]))
    return frozenset(names)


def _patterns(names: Iterable[str]) -> Names:
    return frozenset(_pattern(name) for name in names)


def _pattern(name: str) -> str:
    """Return a tensor's name without the numbers of its layer and expert."""
    return re.sub(r"(?<=\.)\d+(?=\.)", "N", name)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(map(_whole, names[:SHOWN]))}{more}"


def _whole(name: str) -> str:
    """Return a tensor's name on one line, cut only if it is far longer than names are: its end tells what it is."""
    return json.dumps(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}...")[1:-1]
