"""The words that the built-in models speak."""

from collections.abc import Callable
from typing import Any

from byhand.core.labels import Labels

Vocabularies = Callable[[Any], tuple[Labels, ...]]
"""The words of a model's ids, and of its target ids if it has some, from its options."""

WORDS = """
the cat dog a sat ran on mat . and saw bird under tree red sun sky old new house by in with song river stone
night day green blue small tall one two sea wind
""".split()


def words(name: str, count: int, special: tuple[str, ...] = ()) -> Labels:
    """`count` words, the special ones first; numbered ones where the list ends."""
    known = [*special, *WORDS]
    return Labels(name, tuple(known[i] if i < len(known) else f"word{i}" for i in range(count)))


def numbered(name: str, count: int) -> Labels:
    """The words of a checkpoint without a vocabulary: t0, t1, ..."""
    return Labels(name, tuple(f"t{i}" for i in range(count)))
