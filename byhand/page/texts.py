"""The words of a page that its script puts on it, in the language that is written now."""

from __future__ import annotations

from byhand.translations import _


def texts() -> dict[str, str]:
    """Return each text of the page by its key; {name} stands for what the script puts in."""
    return {
        # The top of the page
        "skip": _("Skip to the tables"),
        "map": _("Map"),
        "undo": _("Undo"),
        "reset": _("Reset"),
        "back": _("Back"),
        "forward": _("Forward"),
        "play": _("Play"),
        "pause": _("Pause"),
        "step": _("Next step"),
        "step_back": _("Step back"),
        "stop": _("Stop"),
        "speed": _("Speed"),
        "slow": _("slow"),
        "normal": _("normal"),
        "fast": _("fast"),
        "step_of": _("Step {n} of {count}"),
        "compare": _("Compare"),
        "compare_about": _("Left: as it was. Right: change anything, and see what differs."),
        "as_it_was": _("As it was"),
        "as_it_is": _("With your changes"),
        "present": _("Present"),
        "look": _("Light or dark"),
        "keys": _("Keys"),
        "keys_about": _(
            "Arrows: from cell to cell. Tab: to the next table. Enter: keep a cell. Escape: let it go. I: its first"
            " input. U: who uses it. E: change it. Space: play. N, P: a step on, a step back. Ctrl+Z: undo."
        ),
        # A cell
        "cell": _("A number"),
        "nothing": _("Point at a number, or go to it with Tab and the arrows: what it is made of lights up."),
        "row_column": _("row {row}, column {column}"),
        "numbers": _("with the numbers"),
        "reads": _("It reads"),
        "users": _("Who uses me?"),
        "code": _("The line of code that makes this table"),
        "no_users": _("Nothing reads it: it is a result."),
        "and_more": _("and {n} more"),
        "is_given": _("Given: change it, and all that follows is computed again."),
        "is_word": _("The number of a word: change the word."),
        "is_patched": _("Held at this number, whatever it reads."),
        "change": _("Change it to"),
        "hold": _("Hold it at"),
        "set": _("Set"),
        "release": _("Let it follow its rule again"),
        "take_cell": _("Take this number from the other side"),
        "take_table": _("Take the whole table from the other side"),
        "was": _("was {x}"),
        "no_number": _("{text} is no number: type one such as 0.5 or -2."),
        "not_kept": _("This link has a change that is not for this page: {what}."),
        # The start
        "the_words": _("The words"),
        "word_n": _("word {n}"),
        "expects": _("The model expects"),
        "answer": _("The model's answer"),
        "at_position": _("after"),
        "write": _("Write the next word"),
        "drawn": _("drawn by chance"),
        "temperature": _("temperature"),
        "drew": _("u = {u}: {word}"),
        "unwrite": _("Take it back"),
        "no_room": _("This page has room for no more words."),
        "writes": _("It writes"),
        "loss": _("The loss"),
        "loss_step": _("step {n}"),
        "constants": _("Numbers that you may change"),
        "arcs": _("Who looks at whom"),
        "arc": _("{from} looks at {to}: {share}"),
        # Practice
        "practice": _("Practice"),
        "practice_about": _(
            "Type what belongs in each empty cell; Enter checks it. Nothing that you type is marked or sent."
        ),
        "paper_about": _("Type what belongs in each empty cell, and print the page when you are done."),
        "right": _("right"),
        "not_right": _("not right yet"),
        "follows": _("It follows from your own numbers before it, one of which is not right yet."),
        "one_number": _("The same number stands in every cell: work each of them out."),
        "copied": _("These are the numbers of a table that is given: work each of them out."),
        "rounded": _("Rounded too early: keep more decimals on the way, and round only the answer."),
        "idle": _("This follows from a table of yours that is not worked out: begin with that one."),
        "or": _("{sentence} Or: {other}"),
        "done": _("{right} of {count} are right."),
        "your_answer": _("your answer"),
    }
