"""What becomes of recalculation by engines that fail, stall, or are not there, and of files that they cannot read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.workbooks import at, parts_of, refusal, write, zipped

from byhand.errors import ByhandError
from byhand.grading.student_formulas import Needed, Recomputer
from byhand.xlsx import ironcalc_engine
from byhand.xlsx import recalculate as engines
from byhand.xlsx.reader import Contents, read
from byhand.xlsx.recalculate import ENGINES, installed, recalculate, recalculate_many

WRONG = 99


@pytest.fixture
def simple(tmp_path: Path) -> Path:
    return write(tmp_path / "simple.xlsx", {"Sheet1": {"A1": 1, "B1": ("=A1*2", WRONG)}})


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where temporary folders come, instead of the system's."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_no_such_engine(simple: Path) -> None:
    for do in (lambda: installed("excel"), lambda: recalculate(simple, "excel")):
        assert refusal(do) == "There is no engine 'excel'; there are: ironcalc, libreoffice, gnumeric."
    assert refusal(lambda: installed("libre")) == "There is no engine 'libre'; the nearest is libreoffice."


@pytest.mark.parametrize(
    ("engine", "how"),
    [
        ("ironcalc", "IronCalc is not installed: pip install ironcalc, or choose the engine libreoffice or gnumeric."),
        (
            "libreoffice",
            "LibreOffice is not installed: apt install libreoffice-calc, or choose the engine ironcalc or gnumeric.",
        ),
        ("gnumeric", "Gnumeric is not installed: apt install gnumeric, or choose the engine ironcalc or libreoffice."),
    ],
)
def test_an_engine_that_is_not_installed(
    engine: str, how: str, simple: Path, monkeypatch: pytest.MonkeyPatch, needs: Callable[[str], None]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setattr(ironcalc_engine, "find_spec", lambda module: None)
    assert not installed(engine)
    assert refusal(lambda: recalculate(simple, engine)) == how
    monkeypatch.delenv("BYHAND_REQUIRE_PROGRAMS", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"{ENGINES[engine].title} is not installed"):
        needs(engine)
    monkeypatch.setenv("BYHAND_REQUIRE_PROGRAMS", "1")
    with pytest.raises(pytest.fail.Exception, match=f"{ENGINES[engine].title} is not installed"):
        needs(engine)


WITHOUT_IRONCALC = """
import sys
sys.modules["ironcalc"] = None
from byhand.errors import ByhandError
from byhand.grading.student_formulas import Needed, Recomputer
from byhand.xlsx import ironcalc_engine
ironcalc_engine.find_spec = lambda name: None
from byhand.cli.main import main
main(sys.argv[1:], prog_name="byhand")
"""


@pytest.mark.slow
def test_only_recalculation_needs_ironcalc(tmp_path: Path) -> None:
    """Everything else imports, builds and writes without it; what needs it says how to install it."""
    book = tmp_path / "softmax.xlsx"
    for words, code in ((["workbook", "softmax", "-o", str(book)], 0), (["verify", str(book)], 2)):
        done = subprocess.run([sys.executable, "-c", WITHOUT_IRONCALC, *words], capture_output=True, text=True)
        assert done.returncode == code, done.stderr
    assert (
        "IronCalc is not installed: pip install ironcalc, or choose the engine libreoffice or gnumeric." in done.stderr
    )
    assert read(book).formulas


def test_workers_that_need_ironcalc_say_so_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ironcalc_engine, "start", no_engine)
    with Recomputer() as engine:
        for _ in range(2):
            with pytest.raises(ByhandError, match="IronCalc is not installed"):
                engine.values(Needed(Contents(Path("x"), ("S",), {("S", 0, 0): "=1+1"}, {}, {})), [("S", 0, 0)])


def no_engine() -> None:
    raise ByhandError("IronCalc is not installed, which works out formulas: pip install ironcalc.")


def test_a_file_that_is_no_workbook(engine: str, tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_text("no zip")
    for do in (
        lambda: recalculate(tmp_path / "book.xlsx", engine),
        lambda: recalculate(tmp_path / "nowhere.xlsx", engine),
    ):
        assert str(tmp_path) in refusal(do)


def test_a_file_that_ironcalc_cannot_read_as_it_is(simple: Path) -> None:
    """It wants a list of styles, which the format lets a program leave out: it is given the cells alone."""
    zipped(simple, {name: data for name, data in parts_of(simple).items() if name != "xl/styles.xml"})
    assert recalculate(simple) == {at("B1"): 2.0}


def test_a_file_that_ironcalc_does_not_take_at_all(simple: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own words, such as `index out of bounds`, help nobody."""
    zipped(simple, {name: data for name, data in parts_of(simple).items() if name != "xl/styles.xml"})
    monkeypatch.setattr(
        engines, "_from_cells", lambda book, limits: ironcalc_engine.Answer(reason="index out of bounds")
    )
    assert refusal(lambda: recalculate(simple)) == (
        f"IronCalc cannot recalculate {simple} (it does not take this file): "
        "choose the engine libreoffice or gnumeric, or mend the file."
    )


def test_a_file_that_crashes_ironcalc(simple: Path) -> None:
    """A function that calls itself without end: in our own process it would end that."""
    write(
        simple,
        {
            "Sheet1": {
                "A1": (
                    "=_xlfn.LET(_xlpm.f,_xlfn.LAMBDA(_xlpm.g,_xlpm.n,_xlpm.g(_xlpm.g,_xlpm.n+1)),_xlpm.f(_xlpm.f,0))",
                    0,
                )
            }
        },
    )
    assert refusal(lambda: recalculate(simple)) == (
        f"IronCalc cannot recalculate {simple} (it crashed): "
        "choose the engine libreoffice or gnumeric, or mend the file."
    )


@pytest.fixture
def imitate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a shell script in the place of LibreOffice and Gnumeric; in it, $out is the last argument."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "bin").mkdir()

    def script(body: str, seconds: int = 30) -> None:
        slow = {name: replace(engine, start=seconds) for name, engine in ENGINES.items()}
        monkeypatch.setattr(engines, "ENGINES", slow)
        for name in ("soffice", "ssconvert"):
            program = tmp_path / "bin" / name
            program.write_text(f'#!/bin/sh\nfor out; do :; done\ncd "{tmp_path}"\n{body}\n')
            program.chmod(0o755)

    return script


@pytest.mark.parametrize("engine", ["libreoffice", "gnumeric"])
@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("exit 0", "it crashed"),
        ("kill -SEGV $$", "it crashed"),
        (
            'case $0 in *soffice) out="${out%copies*}fresh/0.xlsx"; mkdir "${out%0.xlsx}";; esac; echo x > "$out"',
            "it wrote a broken file",
        ),
    ],
)
def test_a_program_that_fails(
    engine: str, body: str, why: str, simple: Path, imitate: Callable[..., None], temporary: Path
) -> None:
    imitate(body)
    title = ENGINES[engine].title
    others = " or ".join(name for name in ENGINES if name != engine)
    assert refusal(lambda: recalculate(simple, engine)) == (
        f"{title} cannot recalculate {simple} ({why}): choose the engine {others}, or mend the file."
    )
    assert not list(temporary.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["libreoffice", "gnumeric"])
def test_a_program_that_stalls_is_ended_with_all_that_it_started(
    engine: str, simple: Path, imitate: Callable[..., None], tmp_path: Path, temporary: Path
) -> None:
    """soffice is a script, too, and its program would go on without it."""
    imitate("trap '' TERM; sleep 100 & echo $! > started; wait; sleep 100", seconds=2)
    assert "(no answer within 2 s)" in refusal(lambda: recalculate(simple, engine))
    assert not list(temporary.iterdir())
    assert _ended(int((tmp_path / "started").read_text()))


@pytest.mark.parametrize("engine", ["libreoffice", "gnumeric"])
def test_a_program_that_leaves_another_behind(
    engine: str, simple: Path, imitate: Callable[..., None], tmp_path: Path
) -> None:
    imitate("sleep 100 > /dev/null & echo $! > started")
    refusal(lambda: recalculate(simple, engine))
    assert _ended(int((tmp_path / "started").read_text()))


def _ended(process: int) -> bool:
    """Whether it is gone, or only waits for its exit code to be fetched, a moment later."""
    for _ in range(50):
        try:
            if Path(f"/proc/{process}/stat").read_text().split()[2] == "Z":
                return True
            os.kill(process, 0)
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.1)
    return False


def test_a_programs_temporary_folder_is_in_ours(
    simple: Path, imitate: Callable[..., None], temporary: Path, tmp_path: Path
) -> None:
    """LibreOffice, when it is ended, leaves files there."""
    imitate('echo "$TMPDIR" > seen; cp "$2" "$out"')
    assert recalculate(simple, "gnumeric") == {at("B1"): WRONG}
    assert (tmp_path / "seen").read_text().startswith(str(temporary / "byhand-"))
    assert not list(temporary.iterdir())


def test_an_answer_that_is_cut_short(simple: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho '{\"values\": ['; exit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    assert "(it crashed)" in refusal(lambda: recalculate(simple))


def test_of_several_files_the_one_that_fails_is_named(
    tmp_path: Path, imitate: Callable[..., None], temporary: Path
) -> None:
    """LibreOffice ends at the second, and all is lost: each is then converted by itself."""
    paths = [write(tmp_path / f"{n}.xlsx", {"Sheet1": {"A1": (f"={n}", n)}}) for n in range(3)]
    shutil.copy(paths[1], tmp_path / "bad")
    imitate(
        'for file; do cmp -s "$file" bad && exit 1; done; '
        'for file; do case "$file" in *.xlsx) fresh="${file%copies*}fresh"; mkdir -p "$fresh"; cp "$file" "$fresh"; '
        "esac; done"
    )
    assert recalculate_many([paths[0], paths[2]], "libreoffice") == [{at("A1"): 0.0}, {at("A1"): 2.0}]
    assert refusal(lambda: recalculate_many(paths, "libreoffice")).startswith(
        f"LibreOffice cannot recalculate {paths[1]} (it crashed)"
    )
    assert not list(temporary.iterdir())


def test_nothing_is_left_behind(engine: str, simple: Path, temporary: Path) -> None:
    home = set(simple.parent.iterdir())
    assert recalculate(simple, engine) == {at("B1"): 2.0}
    assert not list(temporary.iterdir())
    assert set(simple.parent.iterdir()) == home


@pytest.mark.slow
def test_more_cells_get_more_time(simple: Path, monkeypatch: pytest.MonkeyPatch, imitate: Callable[..., None]) -> None:
    imitate('sleep 1.5; cp "$2" "$out"', seconds=1)
    assert "(no answer within 1 s)" in refusal(lambda: recalculate(simple, "gnumeric"))
    monkeypatch.setattr(engines, "CELLS_A_SECOND", 0.1)
    assert recalculate(simple, "gnumeric") == {at("B1"): WRONG}
