"""The names of classes in a config, for models that sort pictures or texts."""

from __future__ import annotations

from byhand.checkpoints.folder import Config, brief
from byhand.errors import ByhandError

MOST_CLASSES, LONGEST = 100_000, 200


def names(config: Config) -> tuple[str, ...]:
    """Return the names of the classes: those in id2label if it has num_labels of them, else transformers' own.

    A name that another class has already is followed by the class's number.
    """
    id2label = config.get("id2label", {}) or {}
    if not isinstance(id2label, dict):
        raise ByhandError(f"id2label in config.json must be an object, {{...}}, not {brief(id2label)}; mend it.")
    count = config.size_or_null("num_labels", len(id2label) or 2)
    if count > MOST_CLASSES:
        raise ByhandError(f"num_labels = {brief(count)} in config.json is more than {MOST_CLASSES:,}; mend it.")
    words: dict[str, None] = {}
    for n in range(count):
        word = _name(id2label.get(str(n)) if count == len(id2label) else None, n)
        while word in words:
            word = f"{word} ({n})"
        words[word] = None
    return tuple(words)


def _name(label: object, n: int) -> str:
    """Return the label, if it fits in one line of a table, else LABEL_n."""
    if isinstance(label, str) and 0 < len(label.strip()) <= LONGEST and label.isprintable():
        return label
    return f"LABEL_{n}"
