"""A class's exercise as Moodle XML: one category, with one question for each student.

A student's whole exercise is one question (Cloze, or numerical if it asks for a single number), for two reasons: its
parts share their numbers, and a quiz that takes a random question of the category gives each student a whole exercise.
The student's id is in the name, the tag and the id number, for a teacher who assigns the questions one by one. The
format follows Moodle's importer (question/format/xml/format.php, question/type/multianswer).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from math import gcd, lcm

from byhand.core.labels import labels
from byhand.core.number_text import in_full
from byhand.exercises.draw import Variant
from byhand.exercises.lms_fields import Field, Mistakes, Part, join_sentences, parts
from byhand.exercises.lms_html import given_tables, html, number_table, paragraph, table
from byhand.exercises.problem import NOT_ASKED, Problem

FRACTIONS = tuple(
    "100 90 83.33333 80 75 70 66.66667 60 50 40 33.33333 30 25 20 16.66667 14.28571 12.5 11.11111 10 5 0".split()
)
"""The percentages that Moodle accepts, the largest first."""
WHOLE = tuple(f for f in FRACTIONS if "." not in f)
"""The percentages of a Cloze field, where older versions of Moodle read whole numbers only."""
PLAIN = re.compile(r"[0-9a-z._@-]{1,40}")
MOST_NAME = 200
FINEST = 20
"""The smallest fraction of a point that is counted is 1/20."""


def write(problem: Problem, variants: Sequence[Variant], mistakes: Mistakes = ()) -> bytes:
    """Return the XML file. mistakes: those of each variant, or none. ByhandError for an answer that is no number."""
    return "".join(_file(problem, variants, mistakes)).encode("utf-8")


def _file(problem: Problem, variants: Sequence[Variant], mistakes: Mistakes) -> Iterator[str]:
    category = html(problem.exercise.name.replace("/", "//"))
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n'
    yield f'<question type="category"><category><text>$course$/top/byhand/{category}</text></category></question>\n'
    for variant, own in zip(variants, mistakes or [()] * len(variants), strict=True):
        yield _question(problem, variant, parts(problem, variant, own))
    yield "</quiz>\n"


def _question(problem: Problem, variant: Variant, question_parts: list[Part]) -> str:
    fields = [field for part in question_parts for field in part.fields]
    single = len(fields) == 1 and not fields[0].options
    text = [given_tables(problem, variant)]
    if single:
        text += [_introduction(part, part.text) for part in question_parts]
    else:
        weight = weights(question_parts)
        text += [_cloze_text(part, variant, weight.get(part.number, 1)) for part in question_parts]
    body = _numerical(fields[0]) if single else ""
    return (
        f'<question type="{"numerical" if single else "cloze"}">\n'
        f"<name><text>{html(_name(problem, variant))}</text></name>\n"
        f'<questiontext format="html"><text><![CDATA[{chr(10).join(text)}]]></text></questiontext>\n'
        '<generalfeedback format="html"><text></text></generalfeedback>\n'
        f"<defaultgrade>{in_full(problem.exercise.points)}</defaultgrade>\n"
        "<penalty>0</penalty>\n<hidden>0</hidden>\n"
        f"<idnumber>{html(idnumber(problem, variant))}</idnumber>\n{body}"
        f"<tags><tag><text>level:{problem.exercise.level}</text></tag>"
        f"<tag><text>student:{html(variant.student.id[:40])}</text></tag></tags>\n"
        "</question>\n"
    )


def _name(problem: Problem, variant: Variant) -> str:
    return f"{problem.exercise.title[:MOST_NAME]} · {variant.student.id[:40]}"


def idnumber(problem: Problem, variant: Variant) -> str:
    """Return the question's id number, unique to the exercise and student; at most 100 characters, Moodle's limit."""
    return f"byhand:{_plain(problem.exercise.name)}:{_plain(variant.student.id)}"


def _plain(name: str) -> str:
    """Return a name that stays unique in a database that ignores case and accents: with a digest if it has such."""
    if PLAIN.fullmatch(name):
        return name
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{re.sub('[^0-9A-Za-z._@-]+', '_', name)[:29]}-{digest}"


def weights(question_parts: Sequence[Part]) -> dict[int, int]:
    """Return the weight of each field, by question number: whole numbers in proportion to the points."""
    each = {
        p.number: Fraction(p.question.ask.points).limit_denominator(FINEST) / len(p.fields)
        for p in question_parts
        if p.fields
    }
    each = {n: share or Fraction(1, FINEST) for n, share in each.items()}
    over = lcm(*(share.denominator for share in each.values()))
    counts = {n: int(share * over) for n, share in each.items()}
    common = gcd(*counts.values())
    return {n: count // common for n, count in counts.items()}


@lru_cache(4096)
def percentage_at_most(mark: float, whole: bool = False) -> str:
    """Return the largest percentage that Moodle accepts and that is not above the mark (0 to 1)."""
    percentages = WHOLE if whole else FRACTIONS
    return next((f for f in percentages if float(f) <= 100 * mark + 1e-4), "0")


def _introduction(part: Part, text: str) -> str:
    hint = part.question.ask.hint
    return f"{paragraph(text)}\n{part.rules}" + (f"\n<p><i>Hint: {html(hint)}</i></p>" if hint else "")


def _cloze_text(part: Part, variant: Variant, weight: int) -> str:
    points = part.question.ask.points
    points_text = f"({in_full(points)} point{'' if points == 1 else 's'})"
    pieces = [_introduction(part, f"{part.number}. {part.text} {points_text}")]
    if part.question.ask.kind == "wrong cell":
        pieces.append(number_table(part.question.node, variant))
    return "\n".join([*pieces, _cloze_fields(part, variant, weight)])


def _cloze_fields(part: Part, variant: Variant, weight: int) -> str:
    """Return the fields in a table of the answers' shape, or on a line."""
    fields = [cloze_field(field, weight) for field in part.fields]
    if part.question.ask.kind == "wrong cell":
        return f"<p>Row: {fields[0]} Column: {fields[1]}</p>"
    if part.question.ask.kind == "choice" and len(fields) > 1:
        names = labels(part.question.node, 0, variant.values)
        return "\n".join(f"<p>{html(names[i])}: {field}</p>" for (i, _), field in zip(part.places, fields, strict=True))
    if part.question.ask.kind != "table":
        return f"<p>{' '.join(fields)}</p>"
    by_place, asked = dict(zip(part.places, fields, strict=True)), set(part.question.indices)
    return table(
        part.question.node, variant.values, lambda i, j: by_place.get((i, j), "−∞" if (i, j) in asked else NOT_ASKED)
    )


def cloze_field(field: Field, weight: int) -> str:
    """Return a Cloze field: {weight:TYPE:=key:margin~%mark%wrong answer:margin#sentence}."""
    if field.options:
        return f"{{{weight}:MULTICHOICE:{'~'.join(_option(field, n) for n in range(1, len(field.options) + 1))}}}"
    margin = in_full(field.margin)
    pieces = [f"{{{weight}:NUMERICAL:={in_full(field.key)}:{margin}"]
    for value, mark, sentences in field.wrong_answers:
        before, after = _around_number(mark, sentences, margin)
        pieces.append(f"{before}{in_full(value)}{after}")
    return "".join([*pieces, "}"])


@lru_cache(4096)
def _around_number(mark: float, sentences: tuple[str, ...], margin: str) -> tuple[str, str]:
    """Return the text before and after the number of a wrong answer."""
    return f"~%{percentage_at_most(mark, True)}%", f":{margin}#{in_cloze(join_sentences(sentences))}"


def _option(field: Field, n: int) -> str:
    text = in_cloze(field.options[n - 1])
    if n == field.key:
        return f"={text}"
    wrong_answer = field.wrong_answer(n)
    return (
        f"%{percentage_at_most(wrong_answer.mark, True)}%{text}#{in_cloze(wrong_answer.sentence)}"
        if wrong_answer
        else f"%0%{text}"
    )


CLOZE = str.maketrans({"}": "\\}", "#": "\\#", "~": "&#126;", "\\": "&#92;", "/": "&#47;", '"': "&quot;"})
"""Characters with a meaning in a field. Moodle removes a backslash before the first two only, so the others are written
as character references, which it resolves."""


@lru_cache(4096)
def in_cloze(text: str) -> str:
    """Escape a text for a field: as HTML, then once more, because Moodle resolves references in fields."""
    plain = html(text).replace("&#123;", "{").replace("&#125;", "}").replace("&#x27;", "'").replace("&quot;", '"')
    return plain.replace("&", "&amp;").translate(CLOZE).replace("{", "&#123;")


def _numerical(field: Field) -> str:
    margin = in_full(field.margin)
    answers = [_answer("100", in_full(field.key), margin, "Right.")]
    answers += [_answer(percentage_at_most(s.mark), in_full(s.value), margin, s.sentence) for s in field.wrong_answers]
    answers.append(_answer("0", "*", "0", ""))
    units = "<unitgradingtype>0</unitgradingtype>\n<unitpenalty>0.1000000</unitpenalty>\n"
    return "".join(answers) + units + "<showunits>3</showunits>\n<unitsleft>0</unitsleft>\n"


def _answer(fraction: str, value: str, margin: str, sentence: str) -> str:
    feedback = f"<![CDATA[{html(sentence)}]]>" if sentence else ""
    return (
        f'<answer fraction="{fraction}" format="moodle_auto_format"><text>{value}</text><tolerance>{margin}</tolerance>'
        f'<feedback format="html"><text>{feedback}</text></feedback></answer>\n'
    )
