"""Split a spreadsheet formula into tokens, and move it to another cell: the only module that uses openpyxl.

openpyxl is imported with the first formula, since it takes longer to load than most files take to read.
"""

from __future__ import annotations


def tokens(formula: str) -> list[tuple[str, str, str]]:
    """Return a formula's tokens: kind (FUNC, OPERAND, ...), part (OPEN, RANGE, ...) and text.

    Raises ValueError for a text that is no formula.
    """
    from openpyxl.formula import Tokenizer

    try:
        return [(token.type, token.subtype, token.value) for token in Tokenizer(formula).items]
    except Exception as reason:  # openpyxl raises errors of many kinds for an unfinished formula
        raise ValueError("it is no formula") from reason


class SharedFormula:
    """A formula that other cells share, with its relative references moved."""

    def __init__(self, formula: str, cell: str) -> None:
        from openpyxl.formula.translate import Translator

        self._translator = Translator(formula, cell)

    def at(self, cell: str) -> str:
        """Return the formula of another cell: =A1*2 of B1 is =A2*2 at B2."""
        return str(self._translator.translate_formula(cell))
