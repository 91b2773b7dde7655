"""Scripts: each named table of a lesson by numpy alone, clean to ruff, whatever the model and its words are called."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import STRICT, byhand, refusal
from support.selection import often

from byhand.code.build import script
from byhand.code.script import variable
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS

WAYS: dict[str, dict[str, Any]] = {
    "forward": {},
    "two words": {"generate": 2},
    "two steps of adam": {"backward": True, "train_steps": 2, "optimizer": "adam"},
}
RUNNER = """
import json, runpy, sys
sys.modules["byhand"] = None  # importing it fails
import numpy as np
found = {}
for name in sys.argv[1:]:
    variables = runpy.run_path(name)
    found[name] = {k: np.asarray(v, float).tolist() for k, v in variables.items() if isinstance(v, np.ndarray)}
json.dump(found, open("found.json", "w"))
"""


def lessons_of(model: str) -> dict[str, Any]:
    """Return the model's lessons in each way that it has; of every third model, also while it learns."""
    from byhand.errors import ByhandError

    found = {}
    learns = list(MODELS).index(model) % 3 == 1
    for way, settings in WAYS.items():
        if "backward" in settings and not learns:
            continue
        try:
            found[way] = build(Recipe(model, **settings))
        except ByhandError:  # a part that writes no words, or has nothing to learn
            assert way != "forward"
    return found


@pytest.mark.parametrize("model", often(MODELS, ["gpt2", "attention", "mamba"]))
def test_a_script_computes_every_table(model: str, tmp_path: Path) -> None:
    lessons = lessons_of(model)
    for n, lesson in enumerate(lessons.values()):
        (tmp_path / f"{n}.py").write_text(script(lesson)[0])
    (tmp_path / "runner").write_text(RUNNER)
    files = [f"{n}.py" for n in range(len(lessons))]
    subprocess.run([sys.executable, *STRICT, "runner", *files], cwd=tmp_path, check=True, capture_output=True)
    found = json.loads((tmp_path / "found.json").read_text())
    for file, (way, lesson) in zip(files, lessons.items(), strict=True):
        for name, numbers in lesson.numbers().items():
            there = np.array(found[file][variable(name)])
            assert there.shape == numbers.shape, (way, name)
            np.testing.assert_allclose(there, numbers, rtol=1e-12, atol=1e-12, err_msg=f"{way}, {name}")
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", *files]
        checked = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout
    longest = max((line for file in files for line in (tmp_path / file).read_text().split("\n")), key=len)
    assert len(longest) <= 100, longest


def test_the_script_of_gpt2_is_short() -> None:
    """It is under 120 lines, whatever halves its weights are."""
    draw = np.random.default_rng(15)
    learnt = build(Recipe("gpt2"))
    shapes = {name: node.shape for name, node in learnt.tables.items() if node.role == "weight" and node.op.given}
    others = [{name: draw.integers(-8, 9, shape) / 2 for name, shape in shapes.items()} for _ in range(2)]
    for numbers in [{}, *others]:
        lesson = build(Recipe("gpt2", set={name: table.tolist() for name, table in numbers.items()}))
        assert len(script(lesson)[0].splitlines()) < 120
    assert len(script(learnt)[0].splitlines()) <= 115


def test_layers_are_a_loop(here: Path) -> None:
    """Twelve layers are one function, called in a loop, with one line for each table; heads are one of their own."""
    lesson = build(Recipe("gpt2", size={"layers": 12, "heads": 4}))
    text = script(lesson)[0]
    assert 'for n in range(1, 13):\n    stream = layer(f"layer{n}", stream)' in text
    assert 'heads = [head(f"{place}_head{n}", norm1) for n in range(1, 5)]' in text
    assert text.count("scores = Q @ K.T") == 1
    assert len(text.splitlines()) < 440
    assert len(script(lesson, weights="gpt2.npz")[0].splitlines()) < 130  # the layers' weights are in the file
    Path("gpt2.py").write_text(text)
    Path("runner").write_text(RUNNER)
    subprocess.run([sys.executable, *STRICT, "runner", "gpt2.py"], check=True, capture_output=True)
    found = json.loads(Path("found.json").read_text())["gpt2.py"]
    for name, numbers in lesson.numbers().items():
        np.testing.assert_allclose(np.array(found[variable(name)]), numbers, rtol=1e-12, atol=1e-12, err_msg=name)


HOSTILE = ['"', "'", '"""', "\\", "a b", "a\nb", "\u202e", "{x}", "__import__('os')", "ü", "#", "🙂"]


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_words_and_titles_stay_text(library: str) -> None:
    """Read as a tree, the script has the words as literals, and nothing of them or of the title elsewhere."""
    import ast

    made = build(Recipe("gpt2", size={"vocab": len(HOSTILE)}, title='""" ; import os ; \\'))
    labels = made.graph.probabilities.shape[1].labels  # type: ignore[union-attr]  # it has probabilities
    object.__setattr__(labels, "words", tuple(HOSTILE))  # as the words of a checkpoint may be
    lesson = made
    text = script(lesson, library)[0]
    tree = ast.parse(text)
    (words,) = [node.value for node in tree.body if isinstance(node, ast.Assign) and _target(node) == "vocabulary"]
    assert ast.literal_eval(words) == HOSTILE
    assert "\u202e" not in text
    assert {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names} <= {
        "sys",
        "math",
        "numpy",
        "torch",
    }


def _target(node: Any) -> str:
    return str(getattr(node.targets[0], "id", ""))


def test_gradients_are_compared_with_slopes(tmp_path: Path) -> None:
    path = tmp_path / "attention.py"
    byhand(f"byhand code attention --backward -o {path}")
    line = [sys.executable, str(path), "--check"]
    said = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    differences = dict(row.split(": ") for row in said.splitlines() if ": " in row)
    assert list(differences) == ["X", "W_Q", "W_K", "W_V"]
    assert all(float(difference) < 1e-8 for difference in differences.values())
    path.write_text(path.read_text().replace("grad_W_Q = ", "grad_W_Q = 2 * "))  # a wrong gradient is seen
    said = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert float(dict(row.split(": ") for row in said.splitlines() if ": " in row)["W_Q"]) > 1e-3


def test_a_long_vocabulary_takes_few_lines() -> None:
    """It is cut at its blanks, which no word has, and is the same list."""
    from byhand.code.formatting import formatted
    from byhand.code.literals import words

    many = [f"w{n}'" if n % 3 else f'"{n}\\' for n in range(300)]
    for vocabulary in (many, [*many, "a b", "\u202e"]):
        there: dict[str, list[str]] = {}
        exec(words("found", vocabulary), there)  # literals of ours
        assert there["found"] == vocabulary
    assert words("found", many).count("\n") < 25
    assert max(map(len, formatted(words("found", ["abcdefg"] * 12)).split("\n"))) <= 100


def test_numbers_in_a_file_beside_it(here: Path) -> None:
    said = byhand("byhand code gpt2 --size large -o large.py --weights large.npz").stdout
    assert said == "Wrote large.py and large.npz. Run it with: python large.py\n"
    line = [sys.executable, "large.py", "layer1.head1.Q"]
    printed = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert "layer1.head1.Q =" in printed
    assert len(Path("large.py").read_text()) < len(script(build(Recipe("gpt2", size={"name": "large"})))[0])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            "code gpt2 --size d_model=64 --size vocab=500",
            "The script would hold 50,649 numbers, and takes 20,000: give --weights FILE.npz for a file beside it, "
            "or choose smaller sizes.",
        ),
        ("code gpt2 -o gpt2.txt", "'gpt2.txt' is no name of a script: end it with .py."),
        ("code gpt2 --weights a.npz", "Give -o FILE.py with --weights: the script reads the file beside itself."),
        ("code gpt2 -o a.py --weights a.bin", "'a.bin' is no name for its numbers: end it with .npz."),
        ("code gpt2 -o a.py --weights b/a.npz", "The script reads 'a.npz' beside itself: name a file in its folder."),
    ],
)
def test_what_cannot_be_written(line: str, why: str, here: Path) -> None:
    assert refusal(line) == f"Error: {why}\n"
    assert list(here.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "task"),
    [
        ("gpt2", "0 * layer1_head1_b_Q` below the lines that make them, and run all cells again: all scores"),
        ("transformer-xl", "what do the words of that head look at now"),  # a bias of its own stays in place of a query
    ],
)
def test_what_a_notebook_says_of_queries_is_so(model: str, task: str) -> None:
    """Without queries all scores of GPT-2's head are equal; those of a head that adds to its queries are not."""
    pytest.importorskip("nbformat")
    from byhand.code.notebook import notebook

    assert task in notebook(build(Recipe(model)))


@pytest.mark.slow
@pytest.mark.parametrize("model", [pytest.param("gpt2", marks=pytest.mark.slow), "attention"])
def test_a_notebook_runs_from_top_to_bottom(model: str, tmp_path: Path) -> None:
    """Its last table is the lesson's, it ends with three things to try, and it is the same each time."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    byhand(f"byhand code {model} --as notebook -o {tmp_path}/lesson.ipynb")
    text = (tmp_path / "lesson.ipynb").read_text()
    book = nbformat.reads(text, 4)
    lesson = build(Recipe(model))
    last = [name for name in lesson.tables if lesson.tables[name].role == "attention"][-1]
    asked = nbformat.v4.new_code_cell(f"print({variable(last)}.tolist())")
    book.cells.append(asked)
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    np.testing.assert_allclose(json.loads(asked.outputs[0]["text"]), lesson.numbers()[last], rtol=1e-12)
    assert sum("image/png" in output.get("data", {}) for cell in book.cells for output in cell.get("outputs", [])) > 0
    assert [line[:2] for line in book.cells[-2].source.splitlines()] == ["1.", "2.", "3."]
    byhand(f"byhand code {model} --as notebook -o {tmp_path}/again.ipynb")
    assert (tmp_path / "again.ipynb").read_text() == text


TORCH = Path(__file__).parents[1] / "data" / "code"
"""What PyTorch computed from scripts of ours, once: the script (NAME.txt) and the tables that they left (NAME.npz)."""


@pytest.mark.parametrize("model", ["attention", "gpt2", "transformer"])
def test_pytorch_computed_the_gradients(model: str) -> None:
    """The script is still the one that was run, and what its autograd found equals our gradients."""
    lesson = build(Recipe(model, backward=True, seed=1))
    assert script(lesson, "torch")[0] == (TORCH / f"{model}.txt").read_text()
    with np.load(TORCH / f"{model}.npz") as found:
        assert set(found) == {variable(name) for name in lesson.tables}
        for name, numbers in lesson.numbers().items():
            np.testing.assert_allclose(found[variable(name)], numbers, rtol=1e-9, atol=1e-9, err_msg=name)


def test_a_module_has_the_names_of_a_checkpoint() -> None:
    """The model registers the tensors of the folder that it can be saved as, and reads all of them."""
    from byhand.checkpoints import FAMILIES
    from byhand.code.module import ModuleScript
    from byhand.core.expressions import Torch

    for model, kind in {"gpt2": "gpt2", "llama": "llama", "t5": "t5", "mamba": "mamba", "bert": "bert"}.items():
        lesson = build(Recipe(model, size={"layers": 2} if model == "llama" else {}))
        made = ModuleScript(lesson, Torch())
        wanted = {piece.tensor: piece.shape for _, piece in FAMILIES[kind].pieces(lesson.options)}
        assert {name: whole.shape for name, whole in made.registered.tensors.items()} == wanted
        text = made.text()
        assert text.count("class Layer(nn.Module)") == 1
        for tensor in wanted:
            assert f'"{tensor}": table(' in text
        if model == "llama":
            assert "for layer in self.model.layers:" in text


@pytest.mark.parametrize("model", ["gpt2", *(pytest.param(m, marks=pytest.mark.slow) for m in ("t5", "deepseek"))])
def test_scripts_of_pytorch_are_clean(model: str, tmp_path: Path) -> None:
    lessons = lessons_of(model)
    for n, lesson in enumerate(lessons.values()):
        (tmp_path / f"{n}.py").write_text(script(lesson, "torch")[0])
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", "."]
        checked = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout
    assert all(len(line) <= 100 for file in tmp_path.glob("*.py") for line in file.read_text().split("\n"))


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "gpt2"},
        {"model": "mamba", "size": {"layers": 3}},
        {"model": "attention", "backward": True},
    ],
)
def test_steps_and_pages_name_the_line_of_code(settings: dict[str, Any]) -> None:
    """The line is one of the script's, but for how it is laid out and for numbers, in whose place "…" stands.

    An explanation names its number, too.
    """
    from byhand.code.statements import Statements
    from byhand.core.roles import Role
    from byhand.documents.document import Code
    from byhand.explanations.handout import explain
    from byhand.page.lesson_data import lesson_data
    from byhand.page.tables import Shared

    lesson = build(Recipe(**settings))
    whole, statements = script(lesson)[0].split("\n"), Statements(lesson)
    text = bare("\n".join(whole))
    page = {record["name"]: record.get("code") for record in lesson_data(lesson, Shared()).data["tables"]}
    for name, node in lesson.tables.items():
        line = page[name]
        statement, _, step = line.partition("  # in ")
        begins = (
            re.split(r" = (?:table|np.array)\(…", statement)[0] if node.op.given else statement.partition("table(…")[0]
        )
        assert bare(begins) in text, name
        assert not step or re.search(rf"def{step.removesuffix('()')}(step|place)", text), name
        if not node.op.given:
            assert step or line.startswith(f"{variable(name)} = ")
            numbered = statements.numbered(node)
            assert numbered.startswith(line)
            number = numbered.removesuffix(" of byhand code").rpartition("line ")[2]
            there = whole[int(number) - 1]
            assert there.startswith(" ") == bool(step)
            assert there.strip().startswith(f"{statement.partition(' = ')[0]} = "), name
            if node.role is Role.ATTENTION:
                blocks = explain(lesson, name, None, exact=False).blocks
                assert [block.text for block in blocks if isinstance(block, Code)] == [numbered]


def bare(text: str) -> str:
    """Return code without blanks, brackets, and what may end a line: these follow the layout."""
    return re.sub(r"[\s()]|,(?=\s*[)\]])", "", text)


def test_a_weight_is_read_as_its_folder_stores_it() -> None:
    """What a module's method reads of a tensor is the table that the family's checkpoint gives."""
    from byhand.code.registered import Registered, accessor, pieces_of
    from byhand.core.roles import Role

    draw = np.random.default_rng(3)
    for model in ("gpt2", "gpt-oss", "gpt-neox", "qwen3-moe"):
        lesson = build(Recipe(model))
        weights = {name: node for name, node in lesson.tables.items() if node.role is Role.WEIGHT and node.op.given}
        pieces = pieces_of(lesson, weights)
        tensors = {piece.tensor: draw.normal(size=piece.shape) for piece in pieces.values()}
        registered = Registered(pieces, tensors)
        for name, piece in pieces.items():
            text = registered.read(name, "", "model").removeprefix(f"model{accessor(piece.tensor)}")
            there = eval(f"tensor{text}", {"tensor": tensors[piece.tensor]})  # a text of ours
            np.testing.assert_array_equal(np.atleast_2d(there), piece.of(tensors[piece.tensor]), err_msg=name)
