"""A script in the layout that its readers' editors give it, by ruff."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from byhand.errors import ByhandError
from byhand.files import temporary_folder
from byhand.processes import Limits, Stopped, run

LIMITS = Limits(seconds=60, memory=2_000_000_000)


def formatted(script: str) -> str:
    """Return the script as `ruff format` lays it out with its default rules."""
    return all_formatted([script])[0]


def all_formatted(scripts: Sequence[str]) -> list[str]:
    """Return several scripts as `ruff format` lays them out, in one run of it."""
    with temporary_folder() as folder:
        paths = [folder / f"script{n}.py" for n in range(len(scripts))]
        for path, script in zip(paths, scripts, strict=True):
            path.write_text(script, encoding="utf-8")
        outcome = run([sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", str(folder)], LIMITS)
        if isinstance(outcome, Stopped):
            raise ByhandError(f"The script cannot be laid out, since ruff was stopped: {outcome.why}.")
        return [path.read_text(encoding="utf-8") for path in paths]
