"""Each question in a sentence."""

from __future__ import annotations

from byhand.exercises.problem import Question
from byhand.graph import times
from byhand.labels import Labels
from byhand.workbook.letters import symbol

POWERS_OF_E = range(-8, 9)
"""What is printed where powers of e are needed."""
WHERE = {"cell": "the cell in row {row}, column {column} of {table}", "table": "{table} ({shape})"}


def sentence(question: Question) -> str:
    """What the student is asked to do, and to how many places."""
    ask, node = question.ask, question.node
    if ask.text:
        return ask.text
    row, column = ask.cell or (int(node.shape[0]), int(node.shape[1]))
    about = {"table": symbol(node), "shape": times(node.shape), "row": row, "column": column}
    if ask.kind == "wrong cell":
        return "One cell of {table} is wrong: give its row and its column.".format(**about)
    if ask.kind == "choice":
        what = "word" if isinstance(node.shape[1].of, Labels) else "column"
        return "In row {row} of {table}, which {what} has the largest number? Count them from 1.".format(
            what=what, **about
        )
    places = "as whole numbers" if ask.places == 0 else f"to {ask.places} decimals"
    if ask.kind == "missing":
        return "A number of {table} is missing: find it from what is shown.".format(**about)
    if ask.kind == "symbolic":
        return "Give the cell in row {row}, column {column} of {table} exactly, such as e^2/(e^2+1).".format(**about)
    return f"Find {WHERE[ask.kind].format(**about)}, {places}."
