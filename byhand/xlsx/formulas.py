"""The pieces of a spreadsheet formula, and a formula moved to another cell: the only module that knows openpyxl.

openpyxl is imported when a formula comes along: it takes longer to load than most files take to read.
"""

from __future__ import annotations


def tokens(formula: str) -> list[tuple[str, str, str]]:
    """Return a formula's pieces: kind (FUNC, OPERAND, ...), part (OPEN, RANGE, ...) and text.

    Raises ValueError for a text that is no formula.
    """
    from openpyxl.formula import Tokenizer

    try:
        return [(token.type, token.subtype, token.value) for token in Tokenizer(formula).items]
    except Exception as reason:  # openpyxl raises whatever an unfinished formula makes it trip over
        raise ValueError("it is no formula") from reason


class SharedFormula:
    """A formula that other cells share: theirs is this one with its relative references moved along."""

    def __init__(self, formula: str, cell: str) -> None:
        from openpyxl.formula.translate import Translator

        self._translator = Translator(formula, cell)

    def at(self, cell: str) -> str:
        """Return the formula of another cell: =A1*2 of B1 is =A2*2 at B2."""
        return str(self._translator.translate_formula(cell))
