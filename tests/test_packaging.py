"""What is shipped: recipes, documentation, a program that starts fast, a wheel that holds what it needs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points, version
from pathlib import Path
from zipfile import ZipFile

import pytest

from byhand.cli.main import COMMANDS, main
from byhand.lessons.recipe import read_recipe
from byhand.models import MODELS

ROOT = Path(__file__).parents[1]
EXERCISES = sorted((ROOT / "exercises").glob("*.toml"))
RECIPES = sorted((ROOT / "worksheets").glob("*.toml"), key=lambda path: path.stem)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LARGEST = 500_000  # bytes of pictures and books together
LARGEST_WHEEL = 1_740_000


@pytest.mark.parametrize("model", MODELS)
def test_each_model_has_a_recipe_of_its_name(model: str) -> None:
    assert read_recipe(ROOT / "worksheets" / f"{model}.toml").model == model


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_in_the_readme(command: str) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"\bbyhand {command}\b", text)


def test_pictures_and_books_are_small() -> None:
    shipped = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    sizes = [(ROOT / name).stat().st_size for name in shipped.splitlines() if name.endswith((".png", ".xlsx"))]
    assert len(sizes) >= 3
    assert sum(sizes) < LARGEST


# What starting costs

CHILD = """
import json, sys
from byhand.cli.main import main
try:
    main(sys.argv[1:], prog_name="byhand")
except SystemExit as done:
    print(json.dumps([done.code, sorted(sys.modules)]), file=sys.stderr)
"""


def started(*words: str) -> set[str]:
    """What a fresh Python has loaded once `byhand WORDS` is done."""
    child = subprocess.run([sys.executable, "-c", CHILD, *words], capture_output=True, text=True, check=True)
    code, modules = json.loads(child.stderr)
    assert code == 0
    assert child.stdout
    return {module.partition(".")[0] for module in modules}


HEAVY = {"numpy", "rich", "sympy", "openpyxl", "xlsxwriter", "ironcalc", "safetensors"}


@pytest.mark.parametrize("words", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    loaded = started(*words)
    assert "click" in loaded
    assert not loaded & HEAVY


def test_a_command_loads_only_what_it_needs() -> None:
    loaded = started("run", "softmax")
    assert {"numpy", "rich"} <= loaded
    assert not loaded & {"sympy", "openpyxl", "xlsxwriter", "ironcalc", "safetensors"}


# What is installed


def test_the_program_is_the_command_line() -> None:
    (program,) = entry_points(group="console_scripts", name="byhand")
    assert program.load() is main
    assert PROJECT["project"]["version"] == version("byhand")


def module_of(entry: str) -> str:
    """The module of a requirement: python_calamine of python-calamine>=0.3."""
    return re.split(r"[>=\[]", entry)[0].lower().replace("-", "_")


def test_each_library_is_named_once_with_its_reason() -> None:
    """Nothing is imported that pyproject.toml does not name, and nothing named that is not imported."""
    extras = PROJECT["project"]["optional-dependencies"]
    optional = [entry for name in ("pdf", "numbers", "tokenizers", "notebook") for entry in extras[name]]
    extra = {module_of(entry) for entry in optional}
    named = {module_of(entry) for entry in PROJECT["project"]["dependencies"]} | extra
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "byhand").rglob("*.py"))
    found = set(re.findall(r"^\s*(?:import|from) ([A-Za-z_]\w*)", sources, re.MULTILINE))
    imported = found - set(sys.stdlib_module_names)
    assert imported - {"byhand", "__future__"} <= named
    assert named - imported == {"ruff"}  # a program, which lays out scripts
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = text[text.index("dependencies = [") :].partition("]")[0].splitlines()[1:]
    assert all(" # " in line for line in lines if line.strip())


@pytest.mark.slow
def test_a_wheel_holds_the_recipes_and_runs_without_the_repository(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", str(ROOT), "--no-deps", "--wheel-dir", str(tmp_path)], check=True)
    (wheel,) = tmp_path.glob("byhand-*.whl")
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "installed")
    for path in RECIPES:
        assert f"byhand/_worksheets/{path.name}" in names
    assert EXERCISES
    for path in EXERCISES:
        assert f"byhand/_exercises/{path.name}" in names
    assert not [name for name in names if name.startswith(("tests", "worksheets", "exercises"))]
    ours = [path for suffix in ("py", "json") for path in (ROOT / "byhand").rglob(f"*.{suffix}")]
    assert {f"byhand/{path.relative_to(ROOT / 'byhand')}" for path in ours} <= set(names)
    assert "byhand/derivations/pages.json" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert wheel.stat().st_size < LARGEST_WHEEL
    assert "byhand/py.typed" in names
    with ZipFile(wheel) as archive:
        (metadata,) = [archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA")]
    assert not re.search(r"\]\((?!https?:)", metadata), "a link into the repository leads nowhere from elsewhere"
    child = subprocess.run(
        [sys.executable, "-P", "-c", INSTALLED, str(tmp_path / "installed")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(child.stdout.splitlines()) == sorted(path.stem for path in [*RECIPES, *EXERCISES])


INSTALLED = """
import sys
sys.path.insert(0, sys.argv[1])
from byhand.lessons import build, recipe
assert recipe.__file__.startswith(sys.argv[1]), recipe.__file__
for name in recipe.ready_made():
    assert recipe.find(name)
    print(name)
build.build(recipe.find("gpt2"))
from byhand.exercises.recipe import find, read_exercise, ready_made
for name in ready_made():
    read_exercise(find(name))
    print(name)
"""


def test_the_version_is_said_alike_everywhere() -> None:
    """The program, the changelog's newest entry, and what to cite."""
    number = PROJECT["project"]["version"]
    newest = re.findall(r"^## \[(\d.*?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)[0]
    assert newest == number
    assert f"\nversion: {number}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
