"""A class's exercise as Moodle XML: one category, with one question for each student.

A student's whole exercise is one question (Cloze, or numerical if it asks for a single number), for two reasons: its
parts share their numbers, and a quiz that takes a random question of the category gives each student a whole exercise.
The student's id is in the name, the tag and the id number, for a teacher who assigns the questions one by one. The
format follows Moodle's importer (question/format/xml/format.php, question/type/multianswer).

The marks of a Cloze question are the sum of the weights of its fields, whatever <defaultgrade> says, and weights are
whole numbers, 0 included. The ready-made exercises have one, two or three points for each number, so that every field
counts as it does in marking. In a recipe of one's own, a table of 9 numbers for 3 points has 3 fields that weigh 1 and
6 that weigh 0: which ones differs from student to student, and nobody sees it before the marks are given.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from math import floor

from byhand.core.labels import labels
from byhand.core.number_text import in_full
from byhand.exercises.draw import Variant
from byhand.exercises.lms_fields import Field, Mistakes, Part, class_parts, join_sentences
from byhand.exercises.lms_html import after_questions, given_tables, html, number_table, paragraph, table
from byhand.exercises.problem import NOT_ASKED, Problem
from byhand.exercises.recipe import OF_ROWS
from byhand.translations import _, counted

FRACTIONS = tuple(
    "100 90 83.33333 80 75 70 66.66667 60 50 40 33.33333 30 25 20 16.66667 14.28571 12.5 11.11111 10 5 0".split()
)
"""The percentages that Moodle accepts, the largest first."""
WHOLE = tuple(f for f in FRACTIONS if "." not in f)
"""The percentages of a Cloze field, where older versions of Moodle read whole numbers only."""
PLAIN = re.compile(r"[0-9a-z._@-]{1,40}")
MOST_NAME = 200
MOST_BYTES = 4_500_000
"""The most that one file holds; sites often take no larger ones."""


def write(problem: Problem, variants: Sequence[Variant], mistakes: Mistakes = ()) -> bytes:
    """Return one XML file with all variants. mistakes: those of each variant, or none.

    ByhandError for an answer that is no number.
    """
    return _file(problem, _questions(problem, variants, mistakes)).encode("utf-8")


def class_files(
    problem: Problem, variants: Sequence[Variant], mistakes: Mistakes = (), shared: bool = False, name: str = "moodle"
) -> list[bytes]:
    """Return the same in as many files as are needed for none to be larger than MOST_BYTES."""
    groups: list[list[str]] = [[]]
    size = 0
    for question in _questions(problem, variants, mistakes):
        more = len(question.encode("utf-8"))
        if size + more > MOST_BYTES and groups[-1]:
            groups.append([])
            size = 0
        groups[-1].append(question)
        size += more
    return [_file(problem, group).encode("utf-8") for group in groups]


def _questions(problem: Problem, variants: Sequence[Variant], mistakes: Mistakes) -> list[str]:
    asked = class_parts(problem, variants, mistakes)
    return [_question(problem, variant, parts) for variant, parts in zip(variants, asked, strict=True)]


def _file(problem: Problem, questions: Sequence[str]) -> str:
    category = html(problem.exercise.name.replace("/", "//"))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n'
        f'<question type="category"><category><text>$course$/top/byhand/{category}</text></category></question>\n'
        f"{''.join(questions)}</quiz>\n"
    )


def _question(problem: Problem, variant: Variant, question_parts: list[Part]) -> str:
    fields = [field for part in question_parts for field in part.fields]
    single = _is_one_number(fields)
    text = [given_tables(problem, variant)]
    if single:
        text += [_introduction(part, part.text) for part in question_parts]
    else:
        each = weights(question_parts, variant.student.id)
        text += [_cloze_text(part, variant, each[part.number]) for part in question_parts]
    text += [after_questions(problem)]
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


def _is_one_number(fields: Sequence[Field]) -> bool:
    return len(fields) == 1 and not fields[0].options and not fields[0].texts


def _name(problem: Problem, variant: Variant) -> str:
    return f"{_(problem.exercise.title)[:MOST_NAME]} · {variant.student.id[:40]}"


def idnumber(problem: Problem, variant: Variant) -> str:
    """Return the question's id number, unique to the exercise and student; at most 100 characters, Moodle's limit."""
    return f"byhand:{_plain(problem.exercise.name)}:{_plain(variant.student.id)}"


def _plain(name: str) -> str:
    """Return a name that stays unique in a database that ignores case and accents: with a digest if it has such."""
    if PLAIN.fullmatch(name):
        return name
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{re.sub('[^0-9A-Za-z._@-]+', '_', name)[:29]}-{digest}"


def weights(question_parts: Sequence[Part], student: str) -> dict[int, list[int]]:
    """Return the weight of each field, by question number: whole numbers that add up to the points.

    If the points of the whole exercise are no whole number, the sum is the next one, and at least 1.
    """
    points = {part.number: part.question.ask.points for part in question_parts if part.fields}
    marks = {part.number: [0] * len(part.fields) for part in question_parts}
    of_questions = _apportioned(points, whole_marks(sum(points.values())))
    shown: set[str] = set()
    for part in question_parts:
        if part.fields:
            each, more = divmod(of_questions[part.number], len(part.fields))
            chosen = set(_telling(part, student, shown)[:more])
            shown |= {s for n in chosen for s in _sentences(part.fields[n])}
            marks[part.number] = [each + (n in chosen) for n in range(len(part.fields))]
    return marks


def whole_marks(points: float) -> int:
    """Return the marks that Moodle counts for so many points."""
    return max(1, floor(points + 0.5 + 1e-9))


def _apportioned(points: dict[int, float], total: int) -> dict[int, int]:
    """Share whole marks among the questions as their points are, by the largest remainders."""
    scale = total / sum(points.values())
    exact = {number: value * scale for number, value in points.items()}
    marks = {number: floor(value + 1e-9) for number, value in exact.items()}
    order = sorted(points, key=lambda number: (round(marks[number] - exact[number], 9), number))
    for number in order[: total - sum(marks.values())]:
        marks[number] += 1
    return marks


def _sentences(field: Field) -> set[str]:
    return {sentence for wrong in field.wrong_answers for sentence in wrong.sentences}


def _telling(part: Part, student: str, shown_before: set[str]) -> list[int]:
    """Return the fields of a question in the order in which they are given marks.

    First come those that tell the most mistakes which none before tells; then answers other than 0 and 1, and other
    than those before; each row and column in turn. The rest is a matter of chance, which differs from student to
    student.
    """
    fields = part.fields
    chance = [
        sha256(f"{student}\0{part.number}\0{n}".encode("utf-8", "surrogatepass")).digest() for n in range(len(fields))
    ]
    sentences = [_sentences(field) for field in fields]
    answers: Counter[float] = Counter()
    rows: Counter[int] = Counter()
    columns: Counter[int] = Counter()
    shown = set(shown_before)

    def rank(n: int) -> tuple[int, bool, int, int, bytes]:
        row, column = part.places[n]
        key = fields[n].key
        return -len(sentences[n] - shown), key in (0, 1), answers[key], rows[row] + columns[column], chance[n]

    order: list[int] = []
    left = set(range(len(fields)))
    while left:
        n = min(left, key=rank)
        left.remove(n)
        order.append(n)
        shown |= sentences[n]
        answers[fields[n].key] += 1
        rows[part.places[n][0]] += 1
        columns[part.places[n][1]] += 1
    return order


def notes(problem: Problem, variants: Sequence[Variant], shared: bool, count: int) -> list[str]:
    """Return what a teacher should do and know, each a sentence. count: how many files there are."""
    asked = next(class_parts(problem, variants[:1]))
    fields = [field for part in asked for field in part.fields]
    points = problem.exercise.points
    lines = [
        f"Moodle: import the {'file' if count == 1 else f'{count} files one after another'}"
        " into the question bank (format Moodle XML), then add to a quiz a random question of the category "
        f"top/byhand/{problem.exercise.name}{'' if shared else ', or the one with the id of a student in its name'}."
    ]
    if _is_one_number(fields):
        return lines
    each = [weight for weights_of in weights(asked, "").values() for weight in weights_of]
    if sum(each) != points:
        lines.append(f"Moodle counts whole marks alone: {sum(each)} for the {points:g} points of the exercise.")
    silent = sum(not weight for weight in each)
    if silent:
        lines.append(
            f"Moodle's marks are whole numbers, so {len(each) - silent} of the {len(each)} numbers count (others for "
            "each student) and the rest are marked and explained, but count nothing; the share of a named mistake then "
            "depends on which of them it changes. Workbooks, Canvas and QTI count all. In Moodle they all count "
            f"if the recipe gives {_enough(asked)}."
        )
    return lines


def _enough(asked: Sequence[Part]) -> str:
    """Return what points a recipe must give for every field to count: question 1 at least 9 points."""
    few = [part for part in asked if part.question.ask.points < len(part.fields)]
    return " and ".join(f"question {part.number} at least {len(part.fields)} points" for part in few)


@lru_cache(4096)
def percentage_at_most(mark: float, whole: bool = False) -> str:
    """Return the largest percentage that Moodle accepts and that is not above the mark (0 to 1)."""
    percentages = WHOLE if whole else FRACTIONS
    return next((f for f in percentages if float(f) <= 100 * mark + 1e-4), "0")


def _introduction(part: Part, text: str) -> str:
    hint = part.question.ask.hint
    pieces = [*([part.before] if part.before else []), paragraph(text), part.rules]
    if hint:
        pieces.append(f"<p><i>{html(_('Hint: {hint}').format(hint=_(hint)))}</i></p>")
    return "\n".join(pieces)


def _cloze_text(part: Part, variant: Variant, part_weights: Sequence[int]) -> str:
    points = part.question.ask.points
    points_text = counted("({n} point)", "({n} points)", points).format(n=in_full(points))
    pieces = [_introduction(part, f"{part.number}. {part.text} {points_text}")]
    if part.question.ask.kind == "wrong cell":
        pieces.append(number_table(part.question.node, variant))
    return "\n".join([*pieces, _cloze_fields(part, variant, part_weights)])


def _cloze_fields(part: Part, variant: Variant, part_weights: Sequence[int]) -> str:
    """Return the fields in a table of the answers' shape, or on a line."""
    fields = [cloze_field(field, weight) for field, weight in zip(part.fields, part_weights, strict=True)]
    if part.question.ask.kind == "wrong cell":
        return f"<p>{html(_('Row:'))} {fields[0]} {html(_('Column:'))} {fields[1]}</p>"
    if part.question.ask.kind in OF_ROWS and len(fields) > 1:
        names = labels(part.question.node, 0, variant.values)
        return "\n".join(f"<p>{html(names[i])}: {field}</p>" for (i, _), field in zip(part.places, fields, strict=True))
    if part.question.ask.kind != "table":
        return f"<p>{' '.join(fields)}</p>"
    by_place, asked = dict(zip(part.places, fields, strict=True)), set(part.question.indices)
    return table(
        part.question.node, variant.values, lambda i, j: by_place.get((i, j), "−∞" if (i, j) in asked else NOT_ASKED)
    )


def cloze_field(field: Field, weight: int) -> str:
    """Return a Cloze field: {weight:TYPE:=key:margin~=also right:margin~%mark%wrong answer:margin#sentence}."""
    if field.options:
        return f"{{{weight}:MULTICHOICE:{'~'.join(_option(field, n) for n in range(1, len(field.options) + 1))}}}"
    if field.texts:
        return f"{{{weight}:SHORTANSWER_C:{'~'.join(_cuts(field))}}}"
    right = "~".join(f"={in_full(value)}:{in_full(margin)}" for value, margin in field.right)
    pieces = [f"{{{weight}:NUMERICAL:{right}"]
    margin = in_full(field.wrong_margin)
    for value, mark, sentences, _mistakes in field.wrong_answers:
        before, after = _around_number(mark, sentences, margin)
        pieces.append(f"{before}{in_full(value)}{after}")
    return "".join([*pieces, "}"])


@lru_cache(4096)
def _around_number(mark: float, sentences: tuple[str, ...], margin: str) -> tuple[str, str]:
    """Return the text before and after the number of a wrong answer."""
    return f"~%{percentage_at_most(mark, True)}%", f":{margin}#{in_cloze(join_sentences(sentences))}"


def _cuts(field: Field) -> Iterator[str]:
    """Yield each text that a field of a cut knows: the right ones, then the wrong ones with their marks."""
    for text in field.texts[field.key]:
        yield f"={in_cloze(text)}"
    for value, mark, sentences, _mistakes in field.wrong_answers:
        for text in field.texts[value]:
            yield f"%{percentage_at_most(mark, True)}%{in_cloze(text)}#{in_cloze(join_sentences(sentences))}"


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
    answers = [_answer("100", in_full(value), in_full(margin), _("Right.")) for value, margin in field.right]
    margin = in_full(field.wrong_margin)
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
