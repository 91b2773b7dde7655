"""Books that other programs have saved: read as if byhand's own had come back, and nothing is said of them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import ironcalc
import openpyxl
import pytest
from support.selection import in_every_program, often
from support.submissions import class_set, filled, found, handed_in, right, values

from byhand.exercises.recipe import find, ready_made

FORMULA, TEXT, HALF, LATE = (("Attention", cell) for cell in ("H30", "J52", "K52", "N52"))


@pytest.fixture(scope="session")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Filled in with numbers, a text with a comma, a fraction, and a formula of a column and a row."""
    path = tmp_path_factory.mktemp("typed") / "typed.xlsx"
    of_rows = "=SUMPRODUCT(G14:J14,L14:O14)+H31"
    return filled(path, changes={FORMULA: of_rows, TEXT: "0,5", HALF: "=1/2", LATE: "=SUM(scores)"})


@pytest.fixture(scope="session")
def by_program(
    typed: Path, tmp_path_factory: pytest.TempPathFactory, needs: Callable[[str], None]
) -> Callable[[str], Path]:
    """The same book as each program saves it, each of them started once."""
    folder, kept = tmp_path_factory.mktemp("saved"), dict[str, Path]()

    def saved(program: str) -> Path:
        if program not in kept:
            kept[program] = SAVED[program](typed, folder / program, needs)
        return kept[program]

    return saved


def by_libreoffice(typed: Path, folder: Path, needs: Callable[[str], None]) -> Path:
    needs("libreoffice")
    saved_by_libreoffice([typed], folder)
    return folder / typed.name


def saved_by_libreoffice(paths: list[Path], folder: Path) -> None:
    profile = f"-env:UserInstallation={(folder / 'profile').absolute().as_uri()}"
    command = ["soffice", profile, "--headless", "--norestore", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    command += ["--outdir", str(folder), *map(str, paths)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


def by_gnumeric(typed: Path, folder: Path, needs: Callable[[str], None]) -> Path:
    needs("gnumeric")
    folder.mkdir()
    subprocess.run(["ssconvert", str(typed), str(folder / "book.xlsx")], check=True, capture_output=True, timeout=60)
    return folder / "book.xlsx"


def by_ironcalc(typed: Path, folder: Path, needs: Callable[[str], None]) -> Path:
    folder.mkdir()
    model = ironcalc.load_from_xlsx(str(typed), "en", "UTC", "en")
    model.evaluate()
    model.save_to_xlsx(str(folder / "book.xlsx"))
    return folder / "book.xlsx"


def by_openpyxl(typed: Path, folder: Path, needs: Callable[[str], None]) -> Path:
    folder.mkdir()
    openpyxl.load_workbook(typed).save(folder / "book.xlsx")
    return folder / "book.xlsx"


SAVED = {
    "libreoffice": by_libreoffice,
    "gnumeric": by_gnumeric,
    "ironcalc": by_ironcalc,
    "openpyxl": by_openpyxl,
}


@pytest.mark.parametrize("program", often(SAVED, set(SAVED) - {"libreoffice"}))
def test_a_book_that_a_program_has_saved(program: str, by_program: Callable[[str], Path]) -> None:
    path = by_program(program)
    numbers = right(class_set().key, "s01")
    numbers |= {FORMULA: numbers["Attention", "H31"], TEXT: 0.5, HALF: 0.5}
    numbers[LATE] = sum(number for (_, cell), number in numbers.items() if cell[0] in "HIJ" and cell[1:] in "30 31 32")
    read = handed_in(path)
    assert values(read) == pytest.approx(list(numbers.values()))
    assert read.answers[0][0].text.startswith("=SUMPRODUCT(")
    assert found(path) == ("s01", [])


def test_openpyxl_stores_no_results(by_program: Callable[[str], Path]) -> None:
    """So that what is read of its book has been worked out."""
    stored = openpyxl.load_workbook(by_program("openpyxl"), data_only=True)
    assert stored["Attention"]["H30"].value is None


@pytest.mark.slow
@in_every_program
@pytest.mark.parametrize("practice", [False, True])
def test_every_exercise_as_it_is_and_as_libreoffice_saves_it(
    tmp_path: Path, needs: Callable[[str], None], practice: bool, whole: bool
) -> None:
    """The right answers are read, and nothing is said of them. LibreOffice saves each as an exam or as practice."""
    needs("libreoffice")
    names = list(ready_made())[practice :: 1 if whole else 4]
    sets = {name: class_set(find(name).read_text("utf-8"), count=1, practice=practice) for name in names}
    books = {name: tmp_path / f"{name}.xlsx" for name in sets}
    for name, path in books.items():
        filled(path, *sets[name].key.students, of=sets[name])
    chosen = list(books.values())[practice::2]
    saved_by_libreoffice(chosen, tmp_path / "saved")
    for path in [*books.values(), *(tmp_path / "saved" / path.name for path in chosen)]:
        of = sets[path.stem]
        (student,) = of.key.students
        assert found(path, of) == (student, []), path
        assert values(handed_in(path, of.handed_out)) == list(right(of.key, student).values())
