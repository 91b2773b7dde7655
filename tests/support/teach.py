"""Teach the built-in models again: run the command that stands first in each file of worksheets/learnt.

    python tests/support/teach.py            # all of them
    python tests/support/teach.py gpt2 rnn   # some

The weights and the sentence on how they were learnt are new; the model's example (ids, mask ...) stays as it is.
Another processor may give other weights: tests/lessons/test_learnt_models.py says what they must know.
"""

from __future__ import annotations

import shlex
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

from byhand.cli.main import main
from byhand.lessons.build import EXAMPLE, learnt_folder
from byhand.lessons.learnt import recipe_file
from byhand.lessons.recipe import Recipe


def command_of(path: Path) -> str:
    """Return the command that made a file: its first line, a comment."""
    with path.open(encoding="utf-8") as file:
        return file.readline().removeprefix("# ").strip()


def teach(path: Path) -> None:
    """Run the file's own command and put what is learnt into the file."""
    command = command_of(path)
    with TemporaryDirectory() as folder:
        new = Path(folder, path.name)
        main([*shlex.split(command)[1:], "-o", str(new)], standalone_mode=False)
        store(path, command, tomllib.loads(new.read_text(encoding="utf-8")))


def store(path: Path, command: str, learnt: dict[str, object]) -> None:
    """Write a learnt recipe under its command, for the model of the file's name; the example that is there is kept."""
    old = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else learnt
    kept = {key: old[key] for key in EXAMPLE if key in old}
    fields = {key: value for key, value in learnt.items() if key not in EXAMPLE} | kept | {"model": path.stem}
    path.write_text(f"# {command}\n{recipe_file(Recipe(**fields))}", encoding="utf-8")  # type: ignore[arg-type]


if __name__ == "__main__":
    names = sys.argv[1:]
    for path in sorted(learnt_folder().glob("*.toml")):
        if not names or path.stem in names:
            print(command_of(path), flush=True)
            teach(path)
