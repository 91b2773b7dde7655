"""A document as a PDF, set by Typst with the fonts that it brings, so that every machine makes the same bytes.

For a script that these fonts lack, a font of the computer is taken.
"""

from __future__ import annotations

from byhand.core.roles import Look
from byhand.documents.block_writer import BlockWriter, Row, with_labels
from byhand.documents.document import Block, Code, Document, Formula, Heading, Lines, Paragraph, Steps, Table
from byhand.documents.line_layout import StepRow, laid_out
from byhand.errors import ByhandError
from byhand.notation.tree import Maths
from byhand.notation.typst import Typst, escaped, string
from byhand.translations import LANGUAGES, language
from byhand.workbook.style import LOOKS

FORMULA = Typst()
PREAMBLE = """#set page(paper: "a4", margin: (x: 22mm, y: 22mm), numbering: "1 / 1",
  footer: context align(center, text(size: 8pt, fill: grey, counter(page).display("1 / 1", both: true))))
#set text(font: FONTS, size: 11pt, fill: ink, lang: "LANGUAGE", hyphenate: false)
#set par(leading: 0.68em, spacing: 1em)
#show math.equation: set text(font: "New Computer Modern Math")
#show math.equation: set math.mat(gap: 0.5em)
#show heading: set block(above: 1.7em, below: 1em, sticky: true)
#show heading.where(level: 1): set text(size: 14pt, fill: blue)
#show heading.where(level: 2): set text(size: 11.5pt)
#show heading.where(level: 3): set text(size: 11pt)
#show heading.where(level: 4): set text(size: 11pt, style: "italic")
#let large(body) = { set text(top-edge: "bounds", bottom-edge: "bounds"); body }
#let steps(columns, whole, ..cells) = block(breakable: not whole, above: 1.3em, below: 1.4em, grid(
  columns: columns, align: (right + horizon, center + horizon, left + horizon, left + horizon),
  column-gutter: (0.5em, 0.5em, 1.6em), row-gutter: 0.95em, ..cells))
#let leading(body) = block(sticky: true, width: 100%, above: 1em, below: 1em, body)
#let reason(body) = text(size: 0.864em, fill: grey, body)
#let lines(body) = block(above: 1em, below: 1em, inset: (left: 0.9em), stroke: (left: 1.5pt + light), body)
#let small-lines(body) = columns(2, gutter: 1.2em, { set text(size: 7pt); set par(leading: 0.5em); body })
#let beside(body) = block(width: 100%, below: 1.9em, { set par(leading: 1.3em); body })
#let frame-of(height) = block(width: 100%, height: height * 1.6em, breakable: false, above: 1em, below: 1.2em,
  radius: 3pt, stroke: (paint: frame, dash: "dashed", thickness: 0.6pt))
#let room(height) = { let parts = calc.ceil(height / 12); for n in range(parts) { frame-of(height / parts) } }
#let values(columns, caption, labels, role, ..cells) = block(breakable: false, above: 1.3em, below: 1.3em, context {
  let numbers = table(columns: columns,
    align: (x, y) => if x == 0 and "side" in labels { left } else { right } + horizon,
    stroke: 0.5pt + frame, inset: (x: if columns > 16 { 0.3em } else { 0.7em }, y: 0.45em),
    fill: (x, y) => if (y == 0 and "top" in labels) or (x == 0 and "side" in labels) { faint } else { role },
    ..cells)
  let width = calc.min(calc.max(measure(numbers).width, 15em.to-absolute()), measure(reason(caption)).width, 166mm)
  if caption != [] { block(below: 0.6em, width: width, { set par(leading: 0.5em); reason(caption) }) }
  numbers
})
"""
LATIN = "Libertinus Serif"
CHINESE = (
    *("Noto Serif CJK SC", "Noto Sans CJK SC", "Source Han Serif SC", "Source Han Sans SC"),
    *("Songti SC", "PingFang SC", "SimSun", "Microsoft YaHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei"),
)
"""Fonts with Chinese letters, of which a computer has one or another."""
OTHER_SCRIPTS = {"zh": CHINESE}
WIDE = 16
"""A table of more columns is set in small letters, with upright labels."""
FEW = 10
"""Lines of a derivation that stay together on one page."""
SHOWN = (Steps, Formula, Table, Code)
"""What a sentence before it speaks of."""
COLOURS = {"ink": "1F2933", "grey": "6B7785", "frame": "C9D1DA", "blue": "2468A8", "light": "EAF2FB", "faint": "F6F8FA"}


def write(document: Document) -> bytes:
    """Return the whole PDF; `output.chosen` has checked that Typst is installed."""
    import typst

    fonts = typst.Fonts(include_system_fonts=language() in OTHER_SCRIPTS)
    if wanted := OTHER_SCRIPTS.get(language()):
        known = {family.casefold() for family in fonts.families()}
        if not any(family.casefold() in known for family in wanted):
            raise ByhandError(
                f"A PDF in {LANGUAGES[language()]} needs a font with its letters: install {wanted[0]}, "
                "or choose --format html."
            )
    try:
        pdf: bytes = typst.compile(markup(document).encode(), font_paths=fonts, format="pdf", timestamp=0)
    except BaseException as error:  # a panic of Rust's is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise MemoryError from None
    return pdf


def markup(document: Document) -> str:
    """Return the document as Typst markup."""
    colours = "\n".join(f'#let {name} = rgb("{code}")' for name, code in COLOURS.items())
    title = f"#set document(title: {string(document.title)}, date: none)"
    head = f'#text(size: 20pt, weight: "bold")[{escaped(document.title)}]'
    subtitle = (
        [f"#v(-0.5em)\n#text(fill: grey)[{TYPST.inline(document.subtitle)}]\n#v(0.6em)"] if document.subtitle else []
    )
    around = zip([None, *document.blocks], document.blocks, [*document.blocks[1:], None], strict=False)
    blocks = [_placed(before, block, after) for before, block, after in around]
    families = ", ".join(map(string, (LATIN, *OTHER_SCRIPTS.get(language(), ()))))
    preamble = PREAMBLE.replace("FONTS", f"({families},)").replace("LANGUAGE", language())
    return "\n\n".join([title, colours, preamble, head, *subtitle, *blocks]) + "\n"


def _large(maths: Maths) -> str:
    return f"large[$display({FORMULA(maths)})$]"


def _placed(before: Block | None, block: Block, after: Block | None) -> str:
    """Return the block; it stays on the page of the next one if it leads to it, or if that is a remark on it.

    A heading or the rules below it lead to all that follows them up to the table: a remark, a hint.
    """
    remarked = isinstance(after, Paragraph) and after.quiet and not isinstance(block, Paragraph)
    leads = isinstance(block, Formula) or (isinstance(block, Paragraph) and not block.quiet)
    leads = (leads and isinstance(after, SHOWN)) or (
        isinstance(before, Heading | Lines) and isinstance(block, Paragraph) and block.quiet
    )
    return f"#leading[{TYPST.block(block)}]" if remarked or leads else TYPST.block(block)


def _steps(steps: Steps) -> str:
    layout = laid_out(steps)
    columns = "(auto, auto, auto, 1fr)" if layout.beside else "(auto, auto, 1fr)"
    rows = "\n".join(_row(row, layout.beside) for row in layout.rows)
    whole = "true" if len(layout.rows) <= FEW else "false"
    return f"#steps({columns}, {whole},\n{rows})"


def _row(row: StepRow, beside: bool) -> str:
    left = _large(row.left) if row.left else "[]"
    sign = f"[${FORMULA.sign(row.relation)}$]" if row.relation else "[]"
    whole = not (row.left or row.relation)
    cells = (
        f"grid.cell(colspan: 3, align: left, {_large(row.right)})" if whole else f"{left}, {sign}, {_large(row.right)}"
    )
    reason = f"reason[{TYPST.inline(row.reason)}]"
    if beside:
        return f"{cells}, {reason},"
    return f"{cells}, [], [], {reason}," if row.reason else f"{cells},"


def _table(caption: str, above: Row, before: Row, cells: list[Row], role: str) -> str:
    width = "3.6em" if above else "14em"  # without labels above, the answers are words
    room = f"#box(width: {width}, height: 1.5em)" if role == Look.ANSWER else ""
    turn = "rotate(-90deg, reflow: true)[#{}]" if len(above) > WIDE else "{}"
    above, before = [turn.format(f"reason[{label}]") for label in above], [f"reason[{label}]" for label in before]
    rows = with_labels(above, before, [[_cell(cell, room) for cell in row] for row in cells], corner="[]")
    fill = LOOKS[Look(role or Look.COMPUTED)][0]
    labels = "".join(f'"{side}",' for side, there in (("top", above), ("side", before)) if there)
    lines = "\n".join(", ".join(row) + "," for row in rows)
    columns = max(map(len, rows))
    table = f"#values({columns}, [{caption}], ({labels}), rgb({string(fill)}),\n{lines})"
    return f"#[#set text(size: 9pt)\n{table}]" if columns > WIDE else table


def _cell(cell: str, room: str) -> str:
    """Return a cell; in a table for answers, one that holds something is not to be filled in."""
    filled = f"table.cell(fill: faint, align: center + horizon)[{cell}]" if room and cell else ""
    return filled or f"[{room}{cell}]"


TYPST = BlockWriter(
    words=escaped,
    formula=lambda maths: f"${FORMULA(maths)}$",
    display=lambda maths: f"$ {FORMULA(maths)} $",
    heading=lambda text, level: f"#heading(level: {level})[{text}]",
    paragraph=lambda text, quiet: f"#reason[{text}]" if quiet else text,
    code=lambda text: f"#raw(block: true, {string(text)})",
    steps=_steps,
    table=_table,
    lines=lambda lines, small: f"#{'small-lines' if small else 'lines'}[{' #linebreak() '.join(lines)}]",
    side_by_side=lambda tables: f"#beside[{' #h(2.2em, weak: true) '.join(f'#box[{t}]' for t in tables)}]",
    room=lambda height: f"#room({height})",
)
