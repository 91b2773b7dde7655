"""A class's exercise as a Canvas package in QTI 1.2: a quiz for each student, one item for each number to find.

Each number is an item of its own: the numerical question is the only one in Canvas with a margin, and it has a single
answer; fill-in-multiple-blanks compares texts, so 0.50 would not equal 0.5. The items of a student share their numbers,
so they cannot be drawn from a bank one by one: each student has a quiz, to be assigned to them, whose first item (a
text) holds the tables. Known mistakes are left out: Canvas gives full marks for every answer listed in a numerical
question, whatever score the file gives it (gems/plugins/qti_exporter/lib/qti/numeric_interaction.rb).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from hashlib import sha256
from itertools import pairwise
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from byhand.core.labels import word
from byhand.core.number_text import in_full
from byhand.errors import ByhandError
from byhand.escaping import escaped
from byhand.exercises.draw import Variant
from byhand.exercises.lms_fields import Field, Mistakes, Part, parts
from byhand.exercises.lms_html import given_tables, html, number_table, paragraph
from byhand.exercises.problem import Problem

PLACES = 4
"""The decimals to which Canvas rounds what a student types."""
EXACT = Context(prec=60)
FINEST = 0.0005
"""The smallest margin that this rounding allows: that of three decimals."""
EARLIEST = (1980, 1, 1, 0, 0, 0)
MOST_TITLE = 200


def check(problem: Problem) -> None:
    """Raise ByhandError for a question that needs more decimals than Canvas keeps."""
    for n, question in enumerate(problem.questions, 1):
        ask = question.ask
        if ask.kind not in ("choice", "wrong cell") and ask.margin < FINEST * (1 - 1e-9):
            raise ByhandError(
                f"Canvas rounds what is typed to {PLACES} decimals, so question {n} of the exercise "
                f"{problem.exercise.name} ({ask.table}, {ask.places} places) cannot be marked there: "
                "ask for at most 3 places, or leave canvas out of --format."
            )


def write(problem: Problem, variants: Sequence[Variant], mistakes: Mistakes = ()) -> bytes:
    """Return the package, a zip file. mistakes: not used, see above.

    A second import of the same students replaces the first, since identifiers depend only on the exercise and the id.
    ByhandError for more than 3 decimals, or an answer that is no number.
    """
    check(problem)
    resources, files = [], []
    for variant in variants:
        quiz = identifier(problem, variant)
        question_parts = parts(problem, variant, ())
        resources.append(_resource(quiz))
        files.append((f"{quiz}/{quiz}.xml", _assessment(problem, variant, quiz, question_parts)))
        files.append((f"{quiz}/assessment_meta.xml", _meta(problem, variant, quiz)))
    return _zipped([("imsmanifest.xml", _manifest(problem, resources)), *files])


def _zipped(files: Sequence[tuple[str, str]]) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, text in files:
            entry = ZipInfo(name, EARLIEST)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}')
    return file.getvalue()


def identifier(problem: Problem, variant: Variant) -> str:
    """Return the identifier of the student's quiz: letters, digits and _, the same in every export."""
    digest = _digest(f"{problem.exercise.name}\0{variant.student.id}")
    return f"{_slug(problem)}_{digest}"


def _slug(problem: Problem) -> str:
    return "byhand_" + re.sub("[^0-9A-Za-z]+", "_", problem.exercise.name)[:40]


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _manifest(problem: Problem, resources: Sequence[str]) -> str:
    name = f"{_slug(problem)}_manifest_{_digest(problem.exercise.name)}"
    return (
        f'<manifest identifier="{name}" xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1">\n'
        "<metadata><schema>IMS Content</schema><schemaversion>1.1.3</schemaversion></metadata>\n<organizations/>\n"
        f"<resources>\n{''.join(resources)}</resources>\n</manifest>\n"
    )


def _resource(quiz: str) -> str:
    meta = f"{quiz}/assessment_meta.xml"
    kind = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
    return (
        f'<resource identifier="{quiz}" type="imsqti_xmlv1p2"><file href="{quiz}/{quiz}.xml"/>'
        f'<dependency identifierref="{quiz}_meta"/></resource>\n'
        f'<resource identifier="{quiz}_meta" type="{kind}" href="{meta}"><file href="{meta}"/></resource>\n'
    )


def _title(problem: Problem, variant: Variant) -> str:
    return escaped(f"{problem.exercise.title[:MOST_TITLE]} · {variant.student.id[:40]}")


def _meta(problem: Problem, variant: Variant, quiz: str) -> str:
    return (
        f'<quiz identifier="{quiz}" xmlns="http://canvas.instructure.com/xsd/cccv1p0">\n'
        f"<title>{_title(problem, variant)}</title>\n<quiz_type>assignment</quiz_type>\n"
        f"<points_possible>{in_full(problem.exercise.points)}</points_possible>\n"
        "<allowed_attempts>1</allowed_attempts>\n<shuffle_answers>false</shuffle_answers>\n</quiz>\n"
    )


def _assessment(problem: Problem, variant: Variant, quiz: str, question_parts: Sequence[Part]) -> str:
    items = [_text_item(quiz, problem, variant)]
    for part in question_parts:
        items += _items(quiz, variant, part)
    return (
        '<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2">\n'
        f'<assessment ident="{quiz}" title="{_title(problem, variant)}">\n'
        "<qtimetadata><qtimetadatafield><fieldlabel>cc_maxattempts</fieldlabel><fieldentry>1</fieldentry>"
        "</qtimetadatafield></qtimetadata>\n"
        f'<section ident="root_section">\n{"".join(items)}</section>\n</assessment>\n</questestinterop>\n'
    )


def _item(ident: str, title: str, kind: str, points: str, text: str, rest: str, response: str = "") -> str:
    return (
        f'<item ident="{ident}" title="{escaped(title)}">\n<itemmetadata><qtimetadata>'
        f"<qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield>"
        f"<qtimetadatafield><fieldlabel>points_possible</fieldlabel><fieldentry>{points}</fieldentry></qtimetadatafield>"
        "</qtimetadata></itemmetadata>\n"
        f'<presentation><material><mattext texttype="text/html">{escaped(text)}</mattext></material>{response}'
        f"</presentation>\n{rest}</item>\n"
    )


def _text_item(quiz: str, problem: Problem, variant: Variant) -> str:
    return _item(f"{quiz}_given", "What is given", "text_only_question", "0", given_tables(problem, variant), "")


def _items(quiz: str, variant: Variant, part: Part) -> Iterator[str]:
    for n, (field, points) in enumerate(zip(part.fields, shares(part), strict=True)):
        ident, title = f"{quiz}_{part.number}_{n + 1}", f"{part.number}.{n + 1} {part.question.ask.table}"
        text = _instruction(part, n, variant)
        if field.options:
            yield _item(ident, title, "multiple_choice_question", points, text, _choice_scoring(field), _choices(field))
        else:
            yield _item(ident, title, "numerical_question", points, text, _number_scoring(field), NUMBER_RESPONSE)


def shares(part: Part) -> list[str]:
    """Return the points of each item of a question, in hundredths (or finer) that add up to exactly its points."""
    count = len(part.fields)
    unit = 100
    while part.question.ask.points * unit < 10 * count:
        unit *= 10
    ends = [round(part.question.ask.points * unit * n / count) for n in range(count + 1)]
    return [in_full((end - start) / unit) for start, end in pairwise(ends)]


def _instruction(part: Part, n: int, variant: Variant) -> str:
    node, ask = part.question.node, part.question.ask
    pieces = [paragraph(f"{part.number}. {part.text}"), part.rules]
    if ask.hint:
        pieces.append(f"<p><i>Hint: {html(ask.hint)}</i></p>")
    if ask.kind == "wrong cell":
        pieces += [number_table(node, variant), f"<p><b>Its {'column' if n else 'row'}:</b></p>"]
    if ask.kind == "table" or (ask.kind == "choice" and len(part.fields) > 1):
        labels = []
        axes = (0, 1) if ask.kind == "table" else (0,)
        for axis, what, i in zip(axes, ("row", "column"), part.places[n], strict=False):
            name = word(node.shape[axis].labels, i, variant.values)
            labels.append(f"{what} {i + 1}{f' ({name})' if name else ''}")
        pieces.append(f"<p><b>{html(', '.join(labels).capitalize())}:</b></p>")
    return "\n".join(pieces)


NUMBER_RESPONSE = (
    '<response_str ident="response1" rcardinality="Single"><render_fib fibtype="Decimal">'
    '<response_label ident="answer1"/></render_fib></response_str>'
)
OUTCOMES = '<outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>'
FULL = '<setvar action="Set" varname="SCORE">100</setvar>'


def _scoring(condition: str) -> str:
    return (
        f'<resprocessing>{OUTCOMES}<respcondition continue="No"><conditionvar>{condition}</conditionvar>{FULL}'
        "</respcondition></resprocessing>\n"
    )


def _number_scoring(field: Field) -> str:
    """Return the scoring of a number: right if equal to the key as Canvas rounds it, or within the margin of that.

    Canvas rounds the typed number in the same way, so rounding the key makes no right answer wrong.
    """
    key, margin = (Decimal(repr(v)) for v in (field.key + 0.0, field.margin))
    exact = as_canvas_rounds(key)
    least, most = EXACT.subtract(exact, margin), EXACT.add(exact, margin)
    return _scoring(
        f'<or><varequal respident="response1">{_plain(exact)}</varequal>'
        f'<and><vargte respident="response1">{_plain(least)}</vargte>'
        f'<varlte respident="response1">{_plain(most)}</varlte></and></or>'
    )


def as_canvas_rounds(number: Decimal) -> Decimal:
    """Round a number as Canvas does."""
    return number.quantize(Decimal(1).scaleb(-PLACES), context=EXACT)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _choices(field: Field) -> str:
    labels = "".join(
        f'<response_label ident="choice{n}"><material><mattext texttype="text/plain">{escaped(text)}</mattext>'
        "</material></response_label>"
        for n, text in enumerate(field.options, 1)
    )
    return (
        f'<response_lid ident="response1" rcardinality="Single"><render_choice>{labels}</render_choice></response_lid>'
    )


def _choice_scoring(field: Field) -> str:
    return _scoring(f'<varequal respident="response1">choice{int(field.key)}</varequal>')
