"""The bounds of the numbers in exercises, exams and keys, as types of their fields."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from byhand.lessons.overrides import FARTHEST

_POINTS, _SIZE = Meta(gt=0, le=1000), Meta(gt=0, le=FARTHEST)
Points = Annotated[int, _POINTS] | Annotated[float, _POINTS]
"""Of a question, or of a part of an exam."""
Size = Annotated[int, _SIZE] | Annotated[float, _SIZE]
"""The largest number that anybody has to write."""
Minutes = Annotated[int, Meta(ge=1, le=1440)]
Level = Annotated[int, Meta(ge=1, le=5)]
Places = Annotated[int, Meta(ge=0, le=9)]
"""Decimals."""
Tolerance = Annotated[float, Meta(gt=0, le=1000)]
Share = Annotated[float, Meta(ge=0, le=1)]
