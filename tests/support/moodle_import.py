"""Moodle's own rules, read off its source: how it takes a question from a file, and what it gives for an answer.

After question/type/numerical/question.php and questiontype.php (what a typed number is; first match wins, tolerance
inclusive with 14 digits' grace) and question/type/multianswer/questiontype.php (the fields of a Cloze text).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from xml.etree.ElementTree import Element

from byhand.errors import ByhandError, quoted
from byhand.exercises.moodle import FRACTIONS
from support.lms_marks import Marked, paired, parsed, plain, summed

GRACE = 1e-14
ALLOWED = {float(f) * sign for f in FRACTIONS for sign in (1, -1)}

_SIGN = r"(=|%(-?\d+(?:[.,]\d*)?)%)?"
_ANSWER = r"((?:[^~#}]++|(?<=[\\&])[~#}]|(?<=&amp;)[~#}])++)"
_FEEDBACK = r"(?:#((?:[^~}]++|(?<=\\)[~}])*+))?"
_WHOLE = re.sub(r"\((?!\?)", "(?:", _SIGN + _ANSWER + _FEEDBACK)
_NUMERICAL, _SHORT = ("NUMERICAL", "NM"), ("SHORTANSWER", "SA", "MW", "SHORTANSWER_C", "SAC", "MWC")
_CHOICE = ("MULTICHOICE", "MC", "MULTICHOICE_V", "MCV", "MULTICHOICE_H", "MCH")
KINDS = (
    dict.fromkeys(_NUMERICAL, "numerical")
    | dict.fromkeys(_SHORT, "shortanswer")
    | dict.fromkeys(_CHOICE, "multichoice")
)
FIELD = re.compile(rf"\{{(\d*):({'|'.join(KINDS)}):({_WHOLE}(?:~{_WHOLE})*)\}}", re.ASCII)
"""A field of a Cloze text: its weight, its kind and its answers. A ~, # or } after a backslash ends nothing."""
ALTERNATIVE = re.compile(f"~?{_SIGN}{_ANSWER}{_FEEDBACK}", re.ASCII)
_NUMBER = r"-?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?"
NUMBER_AND_TOLERANCE = re.compile(rf"({_NUMBER})(?::({_NUMBER}))?")
TIMES_TEN_TO = tuple(f"{times}10{power}" for times in "x*×" for power in ("**", "^"))
"""How people write the e of 1.5e3."""
TYPED = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?")


@dataclass(frozen=True)
class Answer:
    """An answer that is recognised; "*" is any. fraction: of the field's mark."""

    text: str
    fraction: float
    feedback: str = ""
    tolerance: float = 0.0

    def takes(self, number: float) -> bool:
        """Whether a number is within the tolerance, both ends included."""
        if self.text == "*":
            return True
        key = float(self.text)
        margin = self.tolerance + GRACE * max(abs(self.tolerance), abs(key), GRACE)
        return key - margin <= number <= key + margin


@dataclass(frozen=True)
class MoodleField:
    """One field: "numerical", "multichoice" or "shortanswer". A choice is answered by its number, counted from 1."""

    kind: str
    weight: float
    answers: tuple[Answer, ...]

    def mark(self, typed: str) -> tuple[float, str]:
        """The fraction and the sentence of the first answer that fits."""
        found = self._first(typed.strip()) if typed.strip() else None
        return (max(found.fraction, 0.0), found.feedback) if found else (0.0, "")

    def _first(self, typed: str) -> Answer | None:
        if self.kind == "multichoice":
            chosen = {str(n): answer for n, answer in enumerate(self.answers, 1)}
            return chosen.get(typed)
        if self.kind == "shortanswer":
            return next((a for a in self.answers if a.text in (typed, "*")), None)
        number = number_typed(typed)
        return None if number is None else next((a for a in self.answers if a.takes(number)), None)


@dataclass(frozen=True)
class MoodleQuestion:
    """One question of a file."""

    name: str
    idnumber: str
    category: str
    text: str
    fields: tuple[MoodleField, ...]

    @property
    def marks(self) -> float:
        """What the question counts: the weights of a Cloze question, whatever <defaultgrade> says."""
        return sum(field.weight for field in self.fields)

    def mark(self, typed: Sequence[str]) -> Marked:
        """What Moodle gives for what is typed in the fields, in order."""
        pairs = paired(self.fields, typed, f"The question {quoted(self.name)}")
        return summed((f.weight, *f.mark(text)) for f, text in pairs if isinstance(f, MoodleField))


def number_typed(typed: str) -> float | None:
    """The number that Moodle sees: spaces left out, a lone comma a decimal point, what follows the number ignored."""
    text = typed.replace(" ", "").replace("E", "e")
    for spelled in TIMES_TEN_TO:
        text = text.replace(spelled, "e")
    text = text.replace(",", "" if "." in text or text.count(",") > 1 else ".")
    found = TYPED.match(text)
    return float(found[0]) if found else None


def read(data: bytes) -> list[MoodleQuestion]:
    """The questions of a Moodle XML file. ByhandError for what Moodle would not import, or would import otherwise."""
    return list(_questions(parsed(data, "The Moodle file")))


def _questions(root: Element) -> Iterator[MoodleQuestion]:
    category, seen = "", set()
    for element in root.iter("question"):
        kind = element.get("type", "")
        if kind == "category":
            category = _text(element, "category/text")
            continue
        name, idnumber = _text(element, "name/text"), _text(element, "idnumber")
        where = f"The Moodle question {quoted(name)}"
        if (idnumber and (category, idnumber.casefold()) in seen) or len(idnumber) > 100:
            raise ByhandError(
                f"{where}: its id number {quoted(idnumber)} is there twice, or too long; name it otherwise."
            )
        seen.add((category, idnumber.casefold()))
        text = _text(element, "questiontext/text")
        fields = tuple(_cloze(text) if kind == "cloze" else [_numerical(element, kind, where)])
        _check(fields, where, kind)
        yield MoodleQuestion(name, idnumber, category, text, fields)


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _numerical(element: Element, kind: str, where: str) -> MoodleField:
    if kind != "numerical":
        raise ByhandError(f"{where} is of the type {quoted(kind)}, which is not read: there are numerical and cloze.")
    answers = tuple(
        Answer(
            _text(answer, "text"),
            float(answer.get("fraction", "0")) / 100,
            plain(_text(answer, "feedback/text")),
            float(_text(answer, "tolerance") or 0),
        )
        for answer in element.iter("answer")
    )
    return MoodleField("numerical", float(_text(element, "defaultgrade") or 1), answers)


def _cloze(text: str) -> Iterator[MoodleField]:
    for weight, kind, alternatives in FIELD.findall(text):
        answers = tuple(_alternative(KINDS[kind], found) for found in ALTERNATIVE.finditer(alternatives))
        yield MoodleField(KINDS[kind], float(weight or 1), answers)


def _alternative(kind: str, found: re.Match[str]) -> Answer:
    sign, percent, answer, feedback = found[1], found[2], found[3], found[4] or ""
    fraction = 1.0 if sign == "=" else float(percent.replace(",", ".")) / 100 if percent else 0.0
    number = NUMBER_AND_TOLERANCE.fullmatch(answer) if kind == "numerical" else None
    if number:
        value, tolerance = (part.replace(",", ".") for part in (number[1], number[2] or "0"))
        return Answer(value, fraction, plain(_resolved(feedback)), abs(float(tolerance)))
    return Answer(plain(_resolved(answer)), fraction, plain(_resolved(feedback)))


def _resolved(text: str) -> str:
    return unescape(text).replace("\\}", "}").replace("\\#", "#")


def _check(fields: Sequence[MoodleField], where: str, kind: str) -> None:
    if not fields:
        raise ByhandError(f"{where} has no field that Moodle knows: nothing is asked in it.")
    for field in fields:
        for answer in field.answers:
            if round(100 * answer.fraction, 5) not in ALLOWED:
                raise ByhandError(
                    f"{where}: Moodle refuses the fraction {100 * answer.fraction:g}; take an allowed one."
                )
            if field.kind == "numerical" and answer.text != "*" and not NUMBER_AND_TOLERANCE.fullmatch(answer.text):
                raise ByhandError(f"{where}: the answer {quoted(answer.text)} is not a number that Moodle knows.")
        if all(answer.fraction < 1 for answer in field.answers):
            raise ByhandError(f"{where}: a {kind} field has no answer with full marks; export it again.")
        if field.kind == "multichoice" and len(field.answers) < 2:
            raise ByhandError(f"{where}: a choice needs two answers or more.")
