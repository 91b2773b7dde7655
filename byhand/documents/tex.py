"""A document as a LaTeX article, which needs amsmath and little else."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.documents.document import Block, Code, Document, Formula, Heading, Paragraph, Piece, Steps, Table, pieces
from byhand.documents.line_layout import Row, laid_out
from byhand.notation.latex import Latex, escaped

LATEX = Latex()
PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{amsmath,amssymb}
\usepackage[margin=2.2cm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em}
\allowdisplaybreaks
\newcommand{\beside}[1]{\parbox[c]{0.36\textwidth}{\raggedright\small\itshape #1}}
\newcommand{\below}[1]{\parbox[t]{0.75\textwidth}{\raggedright\small\itshape #1}}"""
SECTIONS = {1: "section", 2: "subsection", 3: "subsubsection", 4: "paragraph"}


def write(document: Document) -> bytes:
    """The whole document, in UTF-8."""
    subtitle = rf"\\[0.4em]\large\itshape {_inline(document.subtitle)}" if document.subtitle else ""
    title = rf"\title{{{escaped(document.title)}{subtitle}}}"
    head = [PREAMBLE, title, r"\author{}", r"\date{}", r"\begin{document}", r"\maketitle"]
    blocks = (f"\n{_block(block)}" for block in document.blocks)
    return ("\n".join([*head, *blocks, "", r"\end{document}"]) + "\n").encode()


def _inline(*parts: Piece) -> str:
    return "".join(escaped(part) if isinstance(part, str) else f"${LATEX(part)}$" for part in pieces(*parts))


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return rf"\{SECTIONS[level]}*{{{_inline(text)}}}"
        case Paragraph(parts, quiet):
            return rf"{{\small\itshape {_inline(*parts)}\par}}" if quiet else _inline(*parts)
        case Formula(maths):
            return rf"\[ {LATEX(maths)} \]"
        case Code(text):
            return f"\\begin{{verbatim}}\n{text}\n\\end{{verbatim}}"
        case Steps():
            return _steps(block)
        case Table():
            return _table(block)


def _steps(steps: Steps) -> str:
    layout = laid_out(steps)
    rows = " \\\\\n".join(_row(row, layout.beside) for row in layout.rows)
    return f"\\begin{{align*}}\n{rows}\n\\end{{align*}}"


def _row(row: Row, beside: bool) -> str:
    left = f"{LATEX(row.left)} " if row.left else ""
    sign = f"{LATEX.sign(row.relation)} " if row.relation else ""
    formula = f"{left}&{sign}{LATEX(row.right)}"
    if not row.reason:
        return formula
    reason = _inline(row.reason)
    return rf"{formula} && \beside{{{reason}}}" if beside else f"{formula} \\\\\n&\\quad\\below{{{reason}}}"


def _table(table: Table) -> str:
    rows = [[_inline(cell) for cell in row] for row in table.cells]
    header = [_inline(cell) for cell in table.columns]
    columns = "r" * max(map(len, [header, *rows]), default=0)
    if table.rows:
        rows = [[_inline(label), *row] for label, row in zip(table.rows, rows, strict=True)]
        header = ["", *header] if header else []
        columns = f"l|{columns}"
    top = [f"{_cells(header)} \\hline"] if header else []
    caption = [rf"{{\small {_inline(table.caption)}}}\\[0.4em]"] if table.caption else []
    body = [rf"\begin{{tabular}}{{{columns}}}", *top, *map(_cells, rows), r"\end{tabular}"]
    return "\n".join([r"\begin{center}", *caption, *body, r"\end{center}"])


def _cells(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"
