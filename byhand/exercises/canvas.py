"""A class's exercise as a Canvas package in QTI 1.2: a quiz for each student, or one quiz with a few variants.

In a quiz for one student, or with one variant for all, each number is an item of its own: the numerical question is the
only one in Canvas with a margin. The first item (a text) holds the tables. Known mistakes are left out: Canvas gives
full marks for every answer listed in a numerical question, whatever score the file gives it
(gems/plugins/qti_exporter/lib/qti/numeric_interaction.rb).

Several variants in one quiz are a question group, from which Canvas draws one question for each student. A variant is
then a single question with a blank for each number, since its numbers belong together. Canvas compares blanks as texts
(app/models/quizzes/quiz_question/fill_in_multiple_blanks_question.rb), so each blank lists what may be typed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from hashlib import sha256
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from byhand.core.labels import word
from byhand.core.number_text import in_full
from byhand.errors import ByhandError
from byhand.escaping import escaped
from byhand.exercises.asked import RULES_AFTER
from byhand.exercises.draw import Variant
from byhand.exercises.lms_fields import Field, Mistakes, Part, class_parts, shares
from byhand.exercises.lms_html import after_questions, given_tables, html, number_table, paragraph, table
from byhand.exercises.problem import NOT_ASKED, Problem
from byhand.exercises.recipe import BESIDE, OF_ROWS
from byhand.translations import _

PLACES = 4
"""The decimals to which Canvas rounds what a student types."""
EXACT = Context(prec=60)
FINEST = 0.0005
"""The smallest margin that this rounding allows: that of three decimals."""
EARLIEST = (1980, 1, 1, 0, 0, 0)
MOST_TITLE = 200
SMALL_CLASS = 30
"""Up to so many students, each has a quiz of their own, unless a number of variants is given."""
USUAL_VARIANTS = 6
"""The variants from which Canvas draws for a larger class."""
MOST_NUMBERS = 400
"""The most right numbers of one length that are looked at for a blank."""
MOST_TEXTS = 60
"""A blank that lists so many texts lists no numbers with a further decimal."""


def check(problem: Problem) -> None:
    """Raise ByhandError for a question that needs more decimals than Canvas keeps."""
    for n, question in enumerate(problem.questions, 1):
        ask = question.ask
        if ask.kind not in BESIDE and ask.margin < FINEST * (1 - 1e-9):
            raise ByhandError(
                f"Canvas rounds what is typed to {PLACES} decimals, so question {n} of the exercise "
                f"{problem.exercise.name} ({ask.table}, {ask.places} places) cannot be marked there: "
                "ask for at most 3 places, or leave canvas out of --format."
            )


def variants_for(count: int, asked: int | None) -> int | None:
    """Return how many variants a class shares; None for one each. asked: the number that a teacher chose."""
    return asked if asked is not None else None if count <= SMALL_CLASS else USUAL_VARIANTS


def write(problem: Problem, variants: Sequence[Variant], mistakes: Mistakes = (), shared: bool = False) -> bytes:
    """Return the package, a zip file. mistakes: those of each variant; no margin holds their answers.

    shared: the variants are for the whole class, not one for each student. A second import replaces the first, since
    identifiers depend only on the exercise and the id. ByhandError for more than 3 decimals, or an answer that is no
    number.
    """
    check(problem)
    asked = list(class_parts(problem, variants, mistakes))
    quizzes = [_Quiz(problem, variants, asked)] if shared else []
    if not shared:
        quizzes = [_Quiz(problem, [variant], [own], variant) for variant, own in zip(variants, asked, strict=True)]
    files = [(f"{quiz.ident}/{name}", text) for quiz in quizzes for name, text in quiz.files()]
    return zipped([("imsmanifest.xml", _manifest(problem, [_resource(quiz.ident) for quiz in quizzes])), *files])


@dataclass(frozen=True)
class _Quiz:
    """One quiz: of one student, or with the variants from which each student gets one."""

    problem: Problem
    variants: Sequence[Variant]
    asked: Sequence[Sequence[Part]]
    owner: Variant | None = None

    @property
    def ident(self) -> str:
        return identifier(self.problem, self.owner or self.variants[0], shared=self.owner is None)

    @property
    def title(self) -> str:
        title = _(self.problem.exercise.title)[:MOST_TITLE]
        return escaped(f"{title} · {self.owner.student.id[:40]}" if self.owner else title)

    def files(self) -> list[tuple[str, str]]:
        return [(f"{self.ident}.xml", self._assessment()), ("assessment_meta.xml", self._meta())]

    def _meta(self) -> str:
        points = in_full(self.problem.exercise.points)
        return (
            f'<quiz identifier="{self.ident}" xmlns="http://canvas.instructure.com/xsd/cccv1p0">\n'
            f"<title>{self.title}</title>\n<quiz_type>assignment</quiz_type>\n"
            f"<points_possible>{points}</points_possible>\n"
            "<allowed_attempts>1</allowed_attempts>\n<shuffle_answers>false</shuffle_answers>\n"
            f"<only_visible_to_overrides>{str(self.owner is not None).lower()}</only_visible_to_overrides>\n</quiz>\n"
        )

    def _assessment(self) -> str:
        if len(self.variants) > 1:
            content = _group(self.ident, self.problem, self.variants, self.asked)
        else:
            items = [_text_item(self.ident, self.problem, self.variants[0])]
            for part in self.asked[0]:
                items += _items(self.ident, self.variants[0], part)
            if rules := after_questions(self.problem):
                items.append(_item(f"{self.ident}_rules", _(RULES_AFTER), "text_only_question", "0", rules, ""))
            content = "".join(items)
        return (
            '<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2">\n'
            f'<assessment ident="{self.ident}" title="{self.title}">\n'
            "<qtimetadata><qtimetadatafield><fieldlabel>cc_maxattempts</fieldlabel><fieldentry>1</fieldentry>"
            "</qtimetadatafield></qtimetadata>\n"
            f'<section ident="root_section">\n{content}</section>\n</assessment>\n</questestinterop>\n'
        )


def class_files(
    problem: Problem, variants: Sequence[Variant], mistakes: Mistakes = (), shared: bool = False, name: str = "canvas"
) -> list[bytes]:
    return [write(problem, variants, mistakes, shared)]


def notes(problem: Problem, variants: Sequence[Variant], shared: bool, count: int) -> list[str]:
    """Return what a teacher should do and know, each a sentence. count: how many files there are."""
    lines = ["Canvas: Settings, Import Course Content, QTI .zip file; the quizzes come unpublished."]
    if not shared:
        lines.append(
            "In each quiz, choose Assign To, take Everyone away and put the student of its title in, then publish it; "
            "--variants K makes one quiz for the whole class instead."
        )
    elif len(variants) == 1:
        lines.append("It is one quiz with the same numbers for everybody: publish it.")
    else:
        lines.append(
            f"It is one quiz, which draws one of {len(variants)} variants for each student: publish it. Canvas "
            "compares what is typed with a list, so numbers are to be typed as asked; --variants 1 gives everybody the "
            "same numbers, with margins."
        )
        fields = [(part, len(part.fields)) for part in next(class_parts(problem, variants[:1]))]
        blanks = sum(count for _part, count in fields)
        worth = problem.exercise.points / blanks
        if any(abs(part.question.ask.points / count - worth) > 1e-9 for part, count in fields):
            counts = ", ".join(
                f"question {part.number} {worth * count:.3g} for {part.question.ask.points:g}" for part, count in fields
            )
            lines.append(f"Canvas counts every blank the same ({counts} points).")
    lines.append("Canvas pays right numbers alone, no share for a named mistake.")
    return lines


def zipped(files: Sequence[tuple[str, str]]) -> bytes:
    """Return a zip of texts, each with its name; with a fixed date, so that the same set gives the same bytes."""
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, text in files:
            entry = ZipInfo(name, EARLIEST)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}')
    return file.getvalue()


def identifier(problem: Problem, variant: Variant, shared: bool = False) -> str:
    """Return the identifier of a student's quiz, or of the class's: letters, digits and _, the same in every export."""
    digest = _digest(f"{problem.exercise.name}\0{'' if shared else variant.student.id}")
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


def _item(ident: str, title: str, kind: str, points: str, text: str, rest: str, response: str = "") -> str:
    return (
        f'<item ident="{ident}" title="{escaped(title)}">\n<itemmetadata><qtimetadata>'
        f"<qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield>"
        f"<qtimetadatafield><fieldlabel>points_possible</fieldlabel><fieldentry>{points}</fieldentry></qtimetadatafield>"
        "</qtimetadata></itemmetadata>\n"
        f'<presentation><material><mattext texttype="text/html">{escaped(text)}</mattext></material>{response}'
        f"</presentation>\n{rest}</item>\n"
    )


def _group(quiz: str, problem: Problem, variants: Sequence[Variant], asked: Sequence[Sequence[Part]]) -> str:
    """Return the question group, from which Canvas draws one variant."""
    points = in_full(problem.exercise.points)
    items = [
        _variant_item(f"{quiz}_variant_{n}", problem, variant, question_parts)
        for n, (variant, question_parts) in enumerate(zip(variants, asked, strict=True), 1)
    ]
    return (
        f'<section ident="{quiz}_group" title="{escaped(_(problem.exercise.title)[:MOST_TITLE])}">\n'
        "<selection_ordering><selection><selection_number>1</selection_number><selection_extension>"
        f"<points_per_item>{points}</points_per_item></selection_extension></selection></selection_ordering>\n"
        f"{''.join(items)}</section>\n"
    )


def _variant_item(ident: str, problem: Problem, variant: Variant, question_parts: Sequence[Part]) -> str:
    text = [given_tables(problem, variant), *(_part_text(part, variant) for part in question_parts)]
    text.append(after_questions(problem))
    responses, conditions = [], []
    blanks = [(part, n, field) for part in question_parts for n, field in enumerate(part.fields)]
    share = in_full(round(100 / len(blanks), 2))
    for part, n, field in blanks:
        name, texts = (
            _blank(part, n),
            _accepted(field, part.question.ask.places, part.question.ask.kind != "wrong cell"),
        )
        labels = "".join(
            f'<response_label ident="{name}_{i}"><material><mattext texttype="text/plain">{escaped(accepted)}</mattext>'
            "</material></response_label>"
            for i, accepted in enumerate(texts)
        )
        responses.append(
            f'<response_lid ident="response_{name}"><material><mattext>{name}</mattext></material>'
            f"<render_choice>{labels}</render_choice></response_lid>"
        )
        conditions.append(
            f'<respcondition><conditionvar><varequal respident="response_{name}">{name}_0</varequal></conditionvar>'
            f'<setvar varname="SCORE" action="Add">{share}</setvar></respcondition>'
        )
    scoring = f"<resprocessing>{OUTCOMES}{''.join(conditions)}</resprocessing>\n"
    points = in_full(problem.exercise.points)
    kind = "fill_in_multiple_blanks_question"
    title = ident.rpartition("_variant_")[2]
    return _item(ident, title, kind, points, "\n".join(text), scoring, "".join(responses))


def _blank(part: Part, n: int) -> str:
    return f"q{part.number}n{n + 1}"


def _part_text(part: Part, variant: Variant) -> str:
    """Return a question with a blank for each number, in a table where a table is asked."""
    node, kind = part.question.node, part.question.ask.kind
    pieces = [*([part.before] if part.before else []), *_question_text(part)]
    blanks = [f"[{_blank(part, n)}]" for n in range(len(part.fields))]
    if kind == "table":
        by_place, asked = dict(zip(part.places, blanks, strict=True)), set(part.question.indices)
        pieces.append(
            table(node, variant.values, lambda i, j: by_place.get((i, j), "−∞" if (i, j) in asked else NOT_ASKED))
        )
        return "\n".join(pieces)
    if kind == "wrong cell":
        pieces.append(number_table(node, variant))
    for n, blank in enumerate(blanks):
        options = [paragraph(_("One of: {options}").format(options="; ".join(part.fields[n].options)))]
        where = _where(part, n, variant)
        pieces += [
            *(options if part.fields[n].options else []),
            f"<p>{f'<b>{html(where)}</b> ' if where else ''}{blank}</p>",
        ]
    return "\n".join(pieces)


def _accepted(field: Field, places: int, decimal: bool) -> list[str]:
    """Return the texts that count as right in a blank: numbers as asked, and to one more place, the nearest first."""
    if field.options:
        n = int(field.key)
        name = field.options[n - 1].partition(". ")[2]
        return [str(n), *([name] if name else []), field.options[n - 1]]
    if field.texts:
        return [*field.texts[field.key]]
    texts: dict[str, None] = {}
    for finer in (places, places + 1) if decimal else (0,):
        for number in _numbers_within(field, finer):
            if finer == places or len(texts) < MOST_TEXTS:
                texts.update(dict.fromkeys(_spellings(number)))
    return list(texts)


def _numbers_within(field: Field, places: int) -> list[str]:
    """Return every right number with so many decimals, the nearest to the key first."""
    step = Decimal(1).scaleb(-places)
    near: list[tuple[Decimal, Decimal]] = []
    for value, margin in field.right:
        least, most = (Decimal(repr(value + side * margin * (1 + 1e-9))) for side in (-1, 1))
        number = least.quantize(step, rounding=ROUND_CEILING, context=EXACT)
        while number <= most and len(near) < MOST_NUMBERS:
            near.append((abs(number - Decimal(repr(value))), number))
            number += step
    return [f"{number:f}" for _distance, number in sorted(near)]


def _spellings(number: str) -> list[str]:
    """Return how people type a number: with and without zeros at its ends, with a comma, with a true minus."""
    number = number[1:] if number.startswith("-") and not number.strip("-0.") else number
    short = number.rstrip("0").rstrip(".") if "." in number else number
    spelled = [number, short, *([f"{short}.0"] if "." not in short else [])]
    spelled += [
        text.replace("0.", ".", 1) for text in spelled if text.lstrip("-").startswith("0.") and text.strip("-0.")
    ]
    spelled += [text.replace(".", ",") for text in spelled if "." in text]
    spelled += [text.replace("-", "\N{MINUS SIGN}") for text in spelled if text.startswith("-")]
    return list(dict.fromkeys(spelled))


def _text_item(quiz: str, problem: Problem, variant: Variant) -> str:
    return _item(f"{quiz}_given", _("What is given"), "text_only_question", "0", given_tables(problem, variant), "")


def _items(quiz: str, variant: Variant, part: Part) -> Iterator[str]:
    if part.before:
        yield _item(f"{quiz}_{part.number}_given", _("What is given"), "text_only_question", "0", part.before, "")
    for n, (field, points) in enumerate(zip(part.fields, shares(part), strict=True)):
        ident, title = f"{quiz}_{part.number}_{n + 1}", f"{part.number}.{n + 1} {part.question.ask.table}"
        text = _instruction(part, n, variant)
        if field.options:
            yield _item(ident, title, "multiple_choice_question", points, text, _choice_scoring(field), _choices(field))
        elif field.texts:
            yield _item(ident, title, "short_answer_question", points, text, _text_scoring(field), TEXT_RESPONSE)
        else:
            yield _item(ident, title, "numerical_question", points, text, _number_scoring(field), NUMBER_RESPONSE)


def _question_text(part: Part) -> list[str]:
    pieces = [paragraph(f"{part.number}. {part.text}"), part.rules]
    if part.question.ask.hint:
        pieces.append(f"<p><i>{html(_('Hint: {hint}').format(hint=_(part.question.ask.hint)))}</i></p>")
    return pieces


def _instruction(part: Part, n: int, variant: Variant) -> str:
    pieces = _question_text(part)
    if part.question.ask.kind == "wrong cell":
        pieces.append(number_table(part.question.node, variant))
    where = _where(part, n, variant)
    return "\n".join([*pieces, *([f"<p><b>{html(where)}</b></p>"] if where else [])])


def _where(part: Part, n: int, variant: Variant) -> str:
    """Return which number of a question is asked for; an empty text if there is one."""
    node, kind = part.question.node, part.question.ask.kind
    if kind == "wrong cell":
        return _("Its column:") if n else _("Its row:")
    row, column = part.places[n]
    names = [word(node.shape[axis].labels, i, variant.values) for axis, i in ((0, row), (1, column))]
    of_row, of_column = (f" ({name})" if name else "" for name in names)
    if kind == "table":
        text = _("Row {row}{of_row}, column {column}{of_column}:")
        return text.format(row=row + 1, of_row=of_row, column=column + 1, of_column=of_column)
    if kind in OF_ROWS and len(part.fields) > 1:
        return _("Row {row}{of_row}:").format(row=row + 1, of_row=of_row)
    return ""


NUMBER_RESPONSE = (
    '<response_str ident="response1" rcardinality="Single"><render_fib fibtype="Decimal">'
    '<response_label ident="answer1"/></render_fib></response_str>'
)
TEXT_RESPONSE = (
    '<response_str ident="response1" rcardinality="Single"><render_fib>'
    '<response_label ident="answer1" rshuffle="No"/></render_fib></response_str>'
)
OUTCOMES = '<outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>'
FULL = '<setvar action="Set" varname="SCORE">100</setvar>'


def _scoring(conditions: Sequence[str]) -> str:
    rules = "".join(
        f'<respcondition continue="No"><conditionvar>{condition}</conditionvar>{FULL}</respcondition>'
        for condition in conditions
    )
    return f"<resprocessing>{OUTCOMES}{rules}</resprocessing>\n"


def _number_scoring(field: Field) -> str:
    return _scoring([_within(value, margin) for value, margin in field.right])


def _text_scoring(field: Field) -> str:
    return _scoring([f'<varequal respident="response1">{escaped(text)}</varequal>' for text in field.texts[field.key]])


def _within(value: float, margin: float) -> str:
    """Return the condition of a right number: equal to it as Canvas rounds it, or within the margin of that.

    Canvas rounds the typed number in the same way, and the margin is rounded up, so no right answer becomes wrong.
    """
    exact = as_canvas_rounds(Decimal(repr(value + 0.0)))
    room = Decimal(repr(margin)).quantize(Decimal(1).scaleb(-PLACES), rounding=ROUND_CEILING, context=EXACT)
    least, most = EXACT.subtract(exact, room), EXACT.add(exact, room)
    return (
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
    return _scoring([f'<varequal respident="response1">choice{int(field.key)}</varequal>'])
