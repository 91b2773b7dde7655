"""The student's page, the class report and Gradescope's file: what they say, and that nothing in them runs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.class_submissions import a_set, some_marks

from byhand.exercises.keys import Key
from byhand.grading.cell_words import words_for_all
from byhand.grading.class_report import ClassStatistics, report_json, report_page
from byhand.grading.feedback_page import feedback_page
from byhand.grading.grades import FileProblem, gradescope_results, student_grade
from byhand.grading.handed_out import HandedOut
from byhand.grading.marks_folder import FileResult, as_line, from_line
from byhand.grading.owners import Person
from byhand.grading.verdicts import VERDICT_STYLES, CellMark, StudentMark, TypedAnswer, Verdict
from byhand.grading.worked_steps import WorkedSteps

HOSTILE = "<script>alert(1)</script>\x1b[31m‮{0}%s</td></table><img src=x onerror=alert(1)>"
STEPS = ["byhand explain attention --step scores"] * 3


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return a_set(tmp_path_factory.mktemp("set"), 3, formats=("xlsx",))


def steps_of(key: Key, own: bool = False) -> WorkedSteps:
    built = HandedOut.of(key).problem
    assert built is not None
    return WorkedSteps(key, built, own)


class Tags(HTMLParser):
    """Every tag of a page, what it refers to, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def visible(page: bytes) -> Tags:
    tags = Tags()
    tags.feed(page.decode())
    assert not tags.open
    assert not {"script", "img", "iframe", "link", "object", "form"} & set(tags.tags)
    assert not [name for name, _ in tags.attributes if name.startswith("on") or name in ("src", "href")]
    return tags


def hostile(marks: StudentMark) -> StudentMark:
    cells = tuple(
        replace(cell, typed=TypedAnswer(HOSTILE, None, HOSTILE), sentence=HOSTILE, verdict=Verdict.UNREADABLE)
        for cell in marks.cells
    )
    return StudentMark(HOSTILE, HOSTILE, HOSTILE, cells, (HOSTILE,))


def test_a_page_shows_every_verdict_by_more_than_its_colour(key: Key) -> None:
    marks = some_marks(key, "s001", 1)
    text = visible(feedback_page(key, marks, steps_of(key))).text
    for cell in marks.cells:
        assert VERDICT_STYLES[cell.verdict].sign in text
        assert cell.sentence in text
    assert {VERDICT_STYLES[cell.verdict].means for cell in marks.cells} == {
        v.means for v in VERDICT_STYLES.values() if v.means in text
    }
    assert f"{marks.points:.2f}".rstrip("0").rstrip(".") + " of 48 points" in text
    assert text.count("This step, worked with other numbers") == 3
    assert "byhand" not in text, "a student need not have it"
    assert len({(look.sign, look.line) for look in VERDICT_STYLES.values()}) == len(VERDICT_STYLES) == len(Verdict)


@pytest.mark.slow
def test_all_right_needs_no_remark(key: Key) -> None:
    page = feedback_page(key, some_marks(key, "s001", 1, (Verdict.RIGHT,)), steps_of(key))
    assert "remarks" not in page.decode().partition("</style>")[2]
    assert "worked with" not in page.decode()


def test_the_legend_says_once_what_a_known_mistake_earns(key: Key) -> None:
    cell = some_marks(key, "s001", 1).cells[0]
    cells = (
        replace(cell, verdict=Verdict.MISTAKE, points=1.0, most=2.0),
        replace(cell, points=0.0, verdict=Verdict.WRONG),
    )
    text = visible(feedback_page(key, StudentMark("s001", "", "s001.xlsx", cells))).text
    assert text.count("a mistake with a name: 50 % of the points") == text.count("% of the points") == 1
    other = replace(cells[0], points=0.25)  # as a teacher has decided
    assert "% of the points" not in visible(feedback_page(key, StudentMark("s001", "", "x", (*cells, other)))).text


def test_what_a_student_writes_is_only_text(key: Key) -> None:
    marks = hostile(some_marks(key, "s001"))
    tags = visible(feedback_page(key, marks))
    assert "<script>alert(1)</script>" in tags.text
    assert "not final" in tags.text
    statistics = ClassStatistics.of(key)
    statistics.add(marks)
    page = report_page(statistics, [], [FileProblem(HOSTILE, HOSTILE, HOSTILE, HOSTILE)], STEPS)
    assert "<script>alert(1)</script>" in visible(page).text
    told = json.loads(gradescope_results(key, marks))
    assert {told["output_format"], *(test["output_format"] for test in told["tests"])} == {"text"}


def one(n: int, c: int, verdict: Verdict, points: float = 0.0) -> CellMark:
    mistake = "scores-not-scaled" if verdict is Verdict.MISTAKE else ""
    return CellMark(n, c, TypedAnswer("1", 1.0, "1"), verdict, points, 1.0, f"{verdict}!", mistake)


def test_the_items_are_counted(key: Key) -> None:
    """By hand: of four students one has the first cell right, one carried forward, two made the mistake."""
    statistics = ClassStatistics.of(key)
    first = [Verdict.RIGHT, Verdict.FOLLOWS, Verdict.MISTAKE, Verdict.MISTAKE]
    for verdict in first:
        statistics.add(StudentMark("s001", "", "f", (one(0, 0, verdict, 0.5), one(1, 2, Verdict.RIGHT, 1.0))))
    told = report_json(statistics, [student_grade(key, Person("s002", "", "", "s002", ("", "", "", "", "")), None)], [])
    cells = told["questions"][0]["cells"]
    assert cells[0]["right"] == 0.5
    assert cells[0]["verdicts"] == {"right": 1, "right from your own earlier step": 1, "a known mistake": 2}
    assert told["questions"][1]["cells"][2]["right"] == 1.0
    assert told["questions"][0]["share"] == round(4 * 0.5 / (4 * 18), 4)
    (mistake,) = told["mistakes"]
    assert (mistake["name"], mistake["students"], mistake["cells"], mistake["questions"]) == (
        "scores-not-scaled",
        2,
        2,
        [1],
    )
    assert told["talk"] == ["2 of 4: a known mistake!"]
    assert (told["mean"], told["median"], told["statuses"]["missing"]) == (1.5, 1.5, 1)
    page = visible(report_page(statistics, [], [], STEPS))
    assert "2 of 4 made this mistake" in page.text
    assert page.tags.count("svg") == 1


def test_a_cell_that_a_mistake_explains_is_not_told_again(key: Key) -> None:
    statistics = ClassStatistics.of(key)
    for verdict in (Verdict.WRONG, Verdict.WRONG, Verdict.MISTAKE):
        statistics.add(StudentMark("s001", "", "f", (one(0, 0, Verdict.MISTAKE), one(0, 1, verdict))))
    page = visible(report_page(statistics, [], [], STEPS))
    first, second = key.questions[0].cells[:2]
    assert f"nothing wrong in “{first}” " not in page.text
    assert f"Only 0 of 3 have nothing wrong in “{second}” of scores. Of the rest, most: " in page.text


def test_a_class_without_marks_has_a_report(key: Key) -> None:
    statistics = ClassStatistics.of(key)
    assert report_json(statistics, [], [])["mean"] is None
    assert "To talk about" not in visible(report_page(statistics, [], [], STEPS)).text


def test_gradescopes_form(key: Key) -> None:
    """The fields of the published form, and no others."""
    marks = some_marks(key, "s001", 2)
    told = json.loads(gradescope_results(key, marks))
    assert set(told) == {"score", "output", "output_format", "visibility", "stdout_visibility", "extra_data", "tests"}
    assert told["score"] == pytest.approx(marks.points, abs=1e-3)
    assert sum(test["score"] for test in told["tests"]) == pytest.approx(told["score"], abs=1e-3)
    assert sum(test["max_score"] for test in told["tests"]) == pytest.approx(48)
    fields = {"name", "number", "score", "max_score", "status", "output", "output_format", "tags", "visibility"}
    assert all(set(test) == fields for test in told["tests"])


def test_a_result_is_the_same_after_the_journal(key: Key) -> None:
    marks = replace(some_marks(key, "s001", 3), file="more/s001.xlsx", warnings=("one", "two"))
    result = FileResult("more/s001.xlsx", "abc", "s001", marks)
    assert from_line(as_line(result)) == result
    assert not re.search(r"[\n\r]", as_line(result))
    nothing = FileResult("x", "", refused="It is empty.")
    assert from_line(as_line(nothing)) == nothing


def test_the_page_stands_alone(key: Key, tmp_path: Path) -> None:
    page = feedback_page(key, some_marks(key, "s001"), steps_of(key)).decode()
    assert not re.search(r"https?://|@import|url\(", page)


def right_numbers(key: Key, student: str, question: int) -> list[str]:
    """The right answers as a worked step writes them: to four digits."""
    return [f"{x:.4g}".replace("-", "−") for x in key.students[student].answers[question] if abs(x) % 1]


def test_a_missed_step_is_worked_with_other_numbers_while_answers_are_secret(key: Key) -> None:
    """None of the student's right numbers is in it."""
    steps = steps_of(key)
    for question in range(3):
        text = visible(b"<p>" + steps.step("s001", question, [0, 1]).encode() + b"</p>").text
        assert "=" in text or "≈" in text
        own = visible(b"<p>" + steps_of(key, own=True).step("s001", question, [0, 1]).encode() + b"</p>").text
        assert own != text
        assert own == visible(b"<p>" + steps_of(key, own=True).step("s001", question, [0, 1]).encode() + b"</p>").text
    shown = steps.step("s001", 1, [0, 1])
    assert not [number for number in right_numbers(key, "s001", 1) if f"<mn>{number}</mn>" in shown]


def test_after_the_deadline_it_is_worked_with_the_students_own_numbers(key: Key) -> None:
    marks = some_marks(key, "s001", 1, (Verdict.WRONG,))
    page = feedback_page(key, marks, steps_of(key, own=True)).decode()
    assert page.count("This step, worked with your numbers") == 3
    weights = page.partition("<h2>2.")[2].partition("<h2>3.")[0]
    found = [number for number in right_numbers(key, "s001", 1)[:4] if f"<mn>{number}</mn>" in weights]
    assert found == right_numbers(key, "s001", 1)[:4]


def test_places_are_named_by_words(key: Key) -> None:
    """Those that all students have; the report and the page say cat → sat, and no addresses alone."""
    built = HandedOut.of(key).problem
    assert built is not None
    places = words_for_all(built)
    assert places[0][:2] == ["the → the", "the → cat"]
    assert places[2][0] == "the, column 1"
    statistics = ClassStatistics.of(key, places)
    for n in range(3):
        statistics.add(some_marks(key, "s001", n, (Verdict.WRONG,)))
    text = visible(report_page(statistics, [], [], STEPS)).text
    assert "have nothing wrong in “the → the” of scores" in text
    assert report_json(statistics, [], [])["hardest"][0]["where"] == "the → the"
    page = feedback_page(key, some_marks(key, "s001", 1, (Verdict.WRONG,)), steps_of(key)).decode()
    assert f"{key.questions[0].cells[1]} (the → cat): " in page
