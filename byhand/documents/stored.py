"""A document as JSON and back, to keep one that takes long to make."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any, get_args

from byhand.documents.document import Block, Document, Line
from byhand.notation.tree import Maths


def to_json(document: Document) -> str:
    """Return the document as JSON, with a line for each block."""
    head = json.dumps({"title": document.title, "subtitle": document.subtitle}, ensure_ascii=False)
    blocks = ",\n".join(json.dumps(_encode(block), ensure_ascii=False) for block in document.blocks)
    return f"[{head},\n{blocks}]\n"


def from_json(value: Sequence[Any]) -> Document:
    """Return the document that `to_json` wrote. value: the JSON as Python reads it."""
    head, *blocks = value
    return Document(head["title"], head["subtitle"], tuple(map(_decode, blocks)))


@cache
def _records() -> dict[str, Any]:
    """Return the classes that documents are made of, by name."""
    return {record.__name__: record for record in (Line, *get_args(Block), *Maths.__subclasses__())}


def _encode(value: Any) -> Any:
    """Return a record as {class name: fields by name}, without the fields that have their default."""
    if isinstance(value, tuple):
        return list(map(_encode, value))
    if type(value).__name__ not in _records():
        return value
    parts = {f.name: getattr(value, f.name) for f in fields(value) if getattr(value, f.name) != f.default}
    return {type(value).__name__: {name: _encode(part) for name, part in parts.items()}}


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_decode, value))
    if isinstance(value, dict):
        ((name, given),) = value.items()
        return _records()[name](**{field: _decode(part) for field, part in given.items()})
    return value
