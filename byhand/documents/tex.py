"""A document as a LaTeX article, which needs amsmath and little else."""

from __future__ import annotations

from byhand.documents.block_writer import BlockWriter, Row, with_labels
from byhand.documents.document import Document, Steps
from byhand.documents.line_layout import StepRow, laid_out
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
    """Return the whole document, in UTF-8."""
    subtitle = rf"\\[0.4em]\large\itshape {TEX.inline(document.subtitle)}" if document.subtitle else ""
    title = rf"\title{{{escaped(document.title)}{subtitle}}}"
    head = [PREAMBLE, title, r"\author{}", r"\date{}", r"\begin{document}", r"\maketitle"]
    blocks = (f"\n{block}" for block in TEX.blocks(document))
    return ("\n".join([*head, *blocks, "", r"\end{document}"]) + "\n").encode()


def _steps(steps: Steps) -> str:
    layout = laid_out(steps)
    rows = " \\\\\n".join(_row(row, layout.beside) for row in layout.rows)
    return f"\\begin{{align*}}\n{rows}\n\\end{{align*}}"


def _row(row: StepRow, beside: bool) -> str:
    left = f"{LATEX(row.left)} " if row.left else ""
    sign = f"{LATEX.sign(row.relation)} " if row.relation else ""
    formula = f"{left}&{sign}{LATEX(row.right)}"
    if not row.reason:
        return formula
    reason = TEX.inline(row.reason)
    return rf"{formula} && \beside{{{reason}}}" if beside else f"{formula} \\\\\n&\\quad\\below{{{reason}}}"


def _table(caption: str, above: Row, before: Row, cells: list[Row], role: str) -> str:
    columns = "l|" * bool(before) + "r" * max(map(len, [above, *cells]), default=0)
    rows = [" & ".join(row) + r" \\" for row in with_labels(above, before, cells)]
    if above:
        rows[0] += r" \hline"
    lines = [rf"{{\small {caption}}}\\[0.4em]"] if caption else []
    lines += [rf"\begin{{tabular}}{{{columns}}}", *rows, r"\end{tabular}"]
    return "\n".join([r"\begin{center}", *lines, r"\end{center}"])


TEX = BlockWriter(
    words=escaped,
    formula=lambda maths: f"${LATEX(maths)}$",
    display=lambda maths: rf"\[ {LATEX(maths)} \]",
    heading=lambda text, level: rf"\{SECTIONS[level]}*{{{text}}}",
    paragraph=lambda text, quiet: rf"{{\small\itshape {text}\par}}" if quiet else text,
    code=lambda text: f"\\begin{{verbatim}}\n{text}\n\\end{{verbatim}}",
    steps=_steps,
    table=_table,
    lines=lambda lines, _: "\\begin{quote}\n" + " \\\\\n".join(lines) + "\n\\end{quote}",
    room=lambda height: rf"\vspace{{{height}\baselineskip}}",
)
