"""A problem's tables as plain HTML for learning systems."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache

from byhand.core.graph import INFINITE, Array, Node, times
from byhand.core.labels import Labels, Tokens, word
from byhand.core.number_text import MINUS_INFINITY, in_full, in_print, to_places
from byhand.core.roles import Role
from byhand.escaping import escaped
from byhand.exercises.asked import RULES_AFTER, RULES_AFTER_REMARK, Task, given_meaning, part_title, sheet
from byhand.exercises.cuts import in_letters
from byhand.exercises.draw import Variant
from byhand.exercises.problem import SHOWN_PLACES, Problem
from byhand.exercises.recipe import BESIDE
from byhand.translations import _


@lru_cache(4096)
def html(text: str) -> str:
    """Escape a text for HTML and XML. Braces too, since they begin a Cloze field in Moodle."""
    return escaped(text).replace("{", "&#123;").replace("}", "&#125;")


def paragraph(text: str) -> str:
    return f"<p>{html(text)}</p>"


def number_text(value: float, given_tables: bool) -> str:
    """Return a number as a student reads it: a given one in full, a computed one rounded."""
    if abs(value) > INFINITE:
        return MINUS_INFINITY if value < 0 else "∞"
    return in_print(value) if given_tables else to_places(value, SHOWN_PLACES)


def table(node: Node, values: Mapping[Node, Array], cell: Callable[[int, int], str]) -> str:
    """Return a table of the node's shape, with labels where its rows and columns have names. cell: from (i, j)."""
    rows, columns = map(int, node.shape)
    left, above = (isinstance(size.labels, Labels | Tokens) for size in node.shape)
    lines = []
    if above:
        names = (f"<th>{html(word(node.shape[1].labels, j, values))}</th>" for j in range(columns))
        lines.append(f"<tr>{'<th></th>' if left else ''}{''.join(names)}</tr>")
    for i in range(rows):
        name = f"<th>{html(word(node.shape[0].labels, i, values))}</th>" if left else ""
        cells = "".join([f"<td>{cell(i, j)}</td>" for j in range(columns)])
        lines.append(f"<tr>{name}{cells}</tr>")
    return '<table border="1"><tbody>\n' + "\n".join(lines) + "\n</tbody></table>"


def given_tables(problem: Problem, variant: Variant) -> str:
    """Return every table that the student is given or shown, with the numbers to find hidden, and how to read rules."""
    pieces = [paragraph(_(problem.exercise.text))] if problem.exercise.text else []
    if not problem.parts:  # those of a part of an exam stand before its first question
        pieces += _tables(problem, 1, variant)
    if not all(task.in_words for task in sheet(problem).tasks):
        pieces += _how_to_read(problem)
    return "\n".join(pieces)


def after_questions(problem: Problem) -> str:
    """Return what stands after the last question: the rules of those whose text says how to work, in small print."""
    said = sheet(problem)
    if not said.rules_after():
        return ""
    remark = f"<p><b>{html(_(RULES_AFTER))}</b><br/><small>{html(_(RULES_AFTER_REMARK))}</small></p>"
    how = _how_to_read(problem) if all(task.in_words for task in said.tasks) else []
    return "\n".join([remark, _list(said.rules_after(), small=True), *how])


def _how_to_read(problem: Problem) -> list[str]:
    explanations = sheet(problem).explanations()
    return [paragraph(_("How to read the rules:")), _list(explanations)] if explanations else []


def _tables(problem: Problem, part: int, variant: Variant) -> list[str]:
    """Return the given tables of a part of an exam, counted from 1, or of the whole exercise."""
    said, hidden = sheet(problem), hidden_cells(problem)
    pieces = []
    for node in said.sections[part - 1].given:
        meaning = f" – {html(given_meaning(node))}" if given_meaning(node) else ""
        pieces.append(f"<p><b>{html(said.names[node])}</b> ({times(node.shape)}){meaning}</p>")
        pieces.append(number_table(node, variant, hidden.get(node, ())))
    return pieces


def before_question(problem: Problem, n: int, variant: Variant) -> str:
    """Return what stands before question n, counted from 0: the heading and given tables of a part of an exam."""
    number = problem.part_begins(n)
    if not number:
        return ""
    part = problem.parts[number - 1]
    text = [paragraph(_(part.exercise.text))] if part.exercise.text else []
    return "\n".join([f"<h3>{html(part_title(problem, number))}</h3>", *text, *_tables(problem, number, variant)])


def rules(task: Task) -> str:
    """Return the rules that stand at a question, one a line, and what its table is."""
    lines = [_list(task.rules_before)] if task.rules_before else []
    return "\n".join([*lines, paragraph(task.about())])


def _list(lines: Iterable[str], small: bool = False) -> str:
    start, end = ("<small>", "</small>") if small else ("", "")
    return f"<ul>{chr(10).join(f'<li>{start}{html(line)}{end}</li>' for line in lines)}</ul>"


def hidden_cells(problem: Problem) -> dict[Node, set[tuple[int, int]]]:
    """Return the cells whose numbers are answers, by table."""
    hidden: dict[Node, set[tuple[int, int]]] = {}
    for question in problem.questions:
        if question.ask.kind not in BESIDE:
            hidden.setdefault(question.node, set()).update(question.indices)
    return hidden


def number_table(node: Node, variant: Variant, hidden: Collection[tuple[int, int]] = ()) -> str:
    """Return a table with the student's numbers; the planted wrong cell, if any, stays wrong."""
    values = _values(node, variant).tolist()
    is_given = node.data is not None
    words = _words(node, variant)
    if words:
        return table(node, variant.values, lambda i, j: html(words[i]))
    letters = in_letters(node, variant.numbers)

    def text(i: int, j: int) -> str:
        if (i, j) in hidden:
            return "?"
        return html(letters(values[i][j])) if letters else number_text(values[i][j], is_given)

    return table(node, variant.values, text)


def _values(node: Node, variant: Variant) -> Array:
    if node in variant.planted:
        return variant.planted[node]
    if node in variant.values:
        return variant.values[node]
    assert node.data is not None
    return node.data


def _words(node: Node, variant: Variant) -> list[str]:
    """Return a prompt's ids, each with its word; an empty list for any other table."""
    of = node.shape[0].labels
    if node.role is not Role.TOKENS or not isinstance(of, Tokens) or of.ids is not node:
        return []
    return [f"{in_full(i)} ({of.word(i)})" for i in _values(node, variant)[:, 0].tolist()]
