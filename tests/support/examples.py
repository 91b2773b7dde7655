"""How many examples hypothesis draws: all of them in CI, fewer where a person waits."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

IN_CI = bool(os.environ.get("BYHAND_SAME_EXAMPLES"))
FEWER = 5
"""By hand one in so many is drawn, others each time."""


def examples(count: int, **more: Any) -> settings:
    """Return the settings of a test that takes `count` examples in CI."""
    return settings(max_examples=count if IN_CI else max(2, count // FEWER), deadline=None, **more)
