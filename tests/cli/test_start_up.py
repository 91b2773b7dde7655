"""How little of byhand each command loads: a list needs no models, and a model no other model."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from byhand.cli.main import main
try:
    main({words})
except SystemExit:
    pass
print("LOADED", *sys.modules)
"""


def loaded(*words: str) -> set[str]:
    """Every module that a fresh Python has loaded when the command is done."""
    line = [sys.executable, "-c", CODE.format(words=list(words))]
    printed = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    return set(printed.rpartition("LOADED")[2].split())


def own(modules: set[str]) -> set[str]:
    return {module for module in modules if module.partition(".")[0] == "byhand"}


def test_help_loads_nothing_but_the_command_line() -> None:
    modules = loaded("--help")
    assert {module for module in own(modules) if not module.startswith("byhand.cli")} == {"byhand"}
    assert not modules & {"numpy", "rich"}


def test_help_on_a_command_loads_no_model_either() -> None:
    modules = loaded("workbook", "--help")
    assert {module for module in own(modules) if not module.startswith("byhand.cli")} == {"byhand", "byhand.errors"}


def test_the_list_of_models_loads_no_model() -> None:
    modules = loaded("models")
    assert "numpy" not in modules
    assert not {module for module in modules if module.startswith(("byhand.models.", "byhand.language"))}


def test_one_model_loads_its_own_page_alone() -> None:
    modules = own(loaded("models", "gpt2"))
    assert {m for m in modules if m.startswith("byhand.models.")} == {
        "byhand.models.decoder",
        "byhand.models.decoder.gpt2",
    }
    assert len(modules) <= 40, sorted(modules)
