"""Canvas's own rules, read off its source: how it takes a quiz from a QTI 1.2 package, and what it gives for answers.

After gems/plugins/qti_exporter/lib/qti/numeric_interaction.rb (an answer's margin is its upper end less the number;
every answer counts in full) and app/models/quizzes/quiz_question/numerical_question.rb (decimals, both ends included);
fill_in_the_blank.rb and fill_in_multiple_blanks_question.rb (texts without regard to capitals, every blank the same),
and assessment_test_converter.rb (a section with a selection is a group, from which so many questions are drawn).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element
from zipfile import BadZipFile, ZipFile

from byhand.errors import ByhandError, quoted
from byhand.exercises.canvas import as_canvas_rounds
from support.lms_marks import Marked, paired, parsed, plain, summed

NUMERICAL, CHOICE, TEXT = "numerical_question", "multiple_choice_question", "text_only_question"
SHORT = "short_answer_question"
BLANKS = "fill_in_multiple_blanks_question"
QTI = "imsqti_xmlv1p2"
MOST_BYTES = 100_000_000
"""A part that unpacks to more than this is none of ours."""


@dataclass(frozen=True)
class CanvasItem:
    """One item. rules: each a condition and the score (0 to 100) that it sets."""

    ident: str
    kind: str
    points: float
    text: str
    choices: tuple[str, ...]
    rules: tuple[tuple[Element, float], ...]

    def mark(self, typed: str) -> float:
        """The share of the points: the first rule whose condition holds sets the score. A choice is its number."""
        value = self._value(typed.strip())
        if value is None:
            return 0.0
        return next((score / 100 for condition, score in self.rules if _all_hold(condition, value)), 0.0)

    def _value(self, typed: str) -> str | Decimal | None:
        if self.kind == CHOICE:
            return dict(zip(map(str, range(1, len(self.choices) + 1)), self.choices, strict=True)).get(typed)
        return typed if self.kind == SHORT else number_typed(typed)


@dataclass(frozen=True)
class CanvasBlanks:
    """One variant of a question group. blanks: for each, in the order of the text, what counts as right."""

    ident: str
    points: float
    text: str
    blanks: tuple[frozenset[str], ...]

    def mark(self, typed: Sequence[str]) -> Marked:
        """What Canvas gives for what is typed in the blanks, in order."""
        pairs = zip(self.blanks, typed, strict=True)
        return summed((1.0, float(text.strip().casefold() in accepted), "") for accepted, text in pairs)


@dataclass(frozen=True)
class CanvasQuiz:
    """One assessment of a package: items that are answered, in order, or a group from which one variant is drawn.

    pick: how many variants are drawn, and for how many points each.
    """

    ident: str
    title: str
    items: tuple[CanvasItem, ...]
    group: tuple[CanvasBlanks, ...] = ()
    pick: tuple[int, float] = (0, 0.0)

    def mark(self, typed: Sequence[str]) -> Marked:
        """What Canvas gives for what is typed in the items, in order."""
        pairs = paired(self.items, typed, f"The quiz {quoted(self.title)}")
        return summed((item.points, item.mark(text), "") for item, text in pairs if isinstance(item, CanvasItem))


def number_typed(typed: str) -> Decimal | None:
    """The number that Canvas keeps: rounded to four decimals; what is no number (a decimal comma too) is left blank."""
    try:
        number = Decimal(typed) if typed.isascii() and "_" not in typed else None
        return as_canvas_rounds(number) if number is not None and number.is_finite() else None
    except InvalidOperation:
        return None


def read(data: bytes) -> list[CanvasQuiz]:
    """The quizzes of a package. ByhandError for one that Canvas would not import, or would mark otherwise."""
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            manifest = _part(archive, "imsmanifest.xml")
            files = [_file(resource) for resource in _all(manifest, "resource") if resource.get("type") == QTI]
            return [quiz for name in files for quiz in _quizzes(_part(archive, name))]
    except BadZipFile as reason:
        raise ByhandError(f"The Canvas package cannot be read: {reason}; export it again.") from None


def _part(archive: ZipFile, name: str) -> Element:
    if name not in archive.namelist() or archive.getinfo(name).file_size > MOST_BYTES:
        raise ByhandError(f"The Canvas package has no {quoted(name)} that can be read: export it again.")
    return parsed(archive.read(name), f"{name} in the Canvas package")


def _file(resource: Element) -> str:
    return next(iter(_all(resource, "file"))).get("href", "")


def _all(element: Element, tag: str) -> Iterator[Element]:
    return (e for e in element.iter() if _tag(e) == tag)


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _quizzes(root: Element) -> Iterator[CanvasQuiz]:
    for assessment in _all(root, "assessment"):
        blanks = [e for e in _all(assessment, "item") if _kind(e) == BLANKS]
        if blanks:
            number, each = (next(_all(assessment, tag)).text for tag in ("selection_number", "points_per_item"))
            pick = int(number or 0), float(each or 0)
            title = assessment.get("title", "")
            yield CanvasQuiz(assessment.get("ident", ""), title, (), tuple(map(_blanks, blanks)), pick)
            continue
        items = [_item(element) for element in _all(assessment, "item")]
        names = [item.ident for item in items]
        if len(set(names)) < len(names):
            raise ByhandError(f"The quiz {quoted(assessment.get('title'))} has two items of one name: export it again.")
        answered = tuple(item for item in items if item.kind != TEXT)
        yield CanvasQuiz(assessment.get("ident", ""), assessment.get("title", ""), answered)


def _fields(element: Element) -> dict[str, str]:
    return {
        field.findtext("{*}fieldlabel") or "": field.findtext("{*}fieldentry") or ""
        for field in _all(element, "qtimetadatafield")
    }


def _kind(element: Element) -> str:
    return _fields(element).get("question_type", "")


def _blanks(element: Element) -> CanvasBlanks:
    text = next((e.text or "" for e in _all(element, "mattext")), "")
    accepted = {
        response.get("ident", "").removeprefix("response_"): frozenset(
            (e.text or "").strip().casefold()
            for label in _all(response, "response_label")
            for e in _all(label, "mattext")
        )
        for response in _all(element, "response_lid")
    }
    names = [name for name in re.findall(r"\[(\w+)\]", text) if name in accepted]
    if sorted(names) != sorted(accepted):
        raise ByhandError(
            f"The Canvas item {quoted(element.get('ident'))} has other blanks in its text: export it again."
        )
    points = float(_fields(element).get("points_possible") or 1)
    return CanvasBlanks(element.get("ident", ""), points, plain(text), tuple(accepted[name] for name in names))


def _item(element: Element) -> CanvasItem:
    fields = _fields(element)
    labels = [
        label.get("ident", "") for choice in _all(element, "render_choice") for label in _all(choice, "response_label")
    ]
    text = next((e.text or "" for e in _all(element, "mattext")), "")
    kind = fields.get("question_type", "")
    rules = tuple(_rule(condition) for condition in _all(element, "respcondition"))
    item = CanvasItem(
        element.get("ident", ""), kind, float(fields.get("points_possible") or 1), plain(text), tuple(labels), rules
    )
    _check(item)
    return item


def _rule(element: Element) -> tuple[Element, float]:
    condition = next(iter(_all(element, "conditionvar")))
    score = [float(e.text or 0) for e in _all(element, "setvar") if e.get("varname") == "SCORE"]
    return condition, score[-1] if score else 0.0


def _check(item: CanvasItem) -> None:
    where = f"The Canvas item {quoted(item.ident)}"
    if item.kind == TEXT:
        return
    if item.kind not in (NUMERICAL, CHOICE, SHORT):
        raise ByhandError(f"{where} is a {quoted(item.kind)}, which is not read: there are numbers, choices and texts.")
    if all(score < 100 for _, score in item.rules):
        raise ByhandError(f"{where} has no answer with full marks: export it again.")
    if item.kind == NUMERICAL:
        if any(score < 100 for _, score in item.rules):
            raise ByhandError(
                f"{where}: Canvas gives full marks for every answer of a number, so leave out the others."
            )
        for condition, _ in item.rules:
            _check_margin(condition, where)


def _check_margin(condition: Element, where: str) -> None:
    """Canvas keeps the number and its upper end alone, so the lower one must be as far."""
    exact, least, most = (
        [Decimal(e.text or "") for e in _all(condition, tag)] for tag in ("varequal", "vargte", "varlte")
    )
    if exact and most and (not least or exact[0] - least[0] != most[0] - exact[0]):
        raise ByhandError(f"{where}: Canvas takes the same margin above and below, so give one.")


def _all_hold(elements: Iterable[Element], value: str | Decimal) -> bool:
    return all(_holds(element, value) for element in elements)


def _holds(element: Element, value: str | Decimal) -> bool:
    tag = _tag(element)
    if tag == "or":
        return any(_holds(e, value) for e in element)
    if tag == "and":
        return _all_hold(element, value)
    if tag == "not":
        return not _all_hold(element, value)
    if isinstance(value, str):
        return tag == "varequal" and element.text == value
    bound = Decimal(element.text or "")
    holds = {"varequal": value == bound, "vargte": value >= bound, "varlte": value <= bound}
    if tag not in holds:
        raise ByhandError(f"A condition of the Canvas package is {quoted(tag)}, which is not read: export it again.")
    return holds[tag]
