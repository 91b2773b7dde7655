"""The index of checkpoints: each file reads what the index says of it, and is imported when that is asked for."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

from byhand.checkpoints import FAMILIES, INDEX
from byhand.checkpoints.family import Family


def test_each_file_reads_what_the_index_says() -> None:
    files = dict.fromkeys(INDEX.values())
    assert [(kind, file) for file in files for kind in import_module(f"byhand.checkpoints.{file}").FAMILIES] == [
        *INDEX.items()
    ]
    assert all(isinstance(family, Family) for family in FAMILIES.values())


def test_a_family_is_imported_when_it_is_asked_for() -> None:
    code = "import sys; from byhand.checkpoints import FAMILIES; FAMILIES['bert']; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    files = {name.rpartition(".")[2] for name in loaded if name.startswith("byhand.checkpoints.")}
    assert files & {*INDEX.values()} == {"bert"}
