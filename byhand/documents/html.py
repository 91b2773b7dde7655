"""A document as one HTML page with MathML, which needs no script and no network."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from urllib.parse import unquote

from byhand.documents.block_writer import BlockWriter, Row
from byhand.documents.document import Document, Steps
from byhand.documents.line_layout import StepRow, laid_out
from byhand.escaping import escaped
from byhand.notation.mathml import MathML, element
from byhand.translations import language
from byhand.workbook.style import LOOKS

STYLE = """
:root { --ink: #1F2933; --grey: #6B7785; --frame: #C9D1DA; --blue: #2468A8; --light: #EAF2FB; --faint: #F6F8FA; }
* { box-sizing: border-box; }
html { background: var(--faint); color: var(--ink); }
body { max-width: 56rem; margin: 2rem auto; padding: 3rem 3.5rem 3.5rem; background: #fff;
  border: 1px solid var(--frame); border-radius: 6px;
  font: 1.0625rem/1.6 Calibri, Carlito, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0; }
.subtitle { color: var(--grey); font-style: italic; margin: .4rem 0 2rem; }
h2 { font-size: 1.3rem; color: var(--blue); margin: 2.6rem 0 .8rem; padding-bottom: .3rem;
  border-bottom: 1px solid var(--frame); }
h3 { font-size: 1.08rem; margin: 1.8rem 0 .5rem; }
p { margin: .7rem 0; }
.quiet { color: var(--grey); font-size: .94rem; }
pre { background: var(--faint); border: 1px solid var(--frame); border-radius: 4px; padding: .7rem 1rem;
  overflow-x: auto; }
math { font-size: 1.08em; font-family: "Cambria Math", "STIX Two Math", "Latin Modern Math", "Libertinus Math",
  "DejaVu Math TeX Gyre", math; }
math .cases mtd { text-align: left; padding: .25em .8em .25em 0; }
.scroll, figure { overflow-x: auto; overflow-y: hidden; margin: 1rem 0; }
.steps { border-collapse: collapse; width: 100%; }
.steps td { padding: .55rem 0; vertical-align: middle; }
.steps .left { text-align: right; padding-left: .8rem; width: 1%; white-space: nowrap; }
.steps .sign { text-align: center; padding: 0 .55rem; width: 1%; white-space: nowrap; }
.steps .right { white-space: nowrap; padding-right: 2rem; }
.steps .reason { color: var(--grey); font-size: .94rem; line-height: 1.4; }
.steps .reason math { color: var(--ink); font-size: 1em; }
.there { margin: -.6rem 0 1rem; font-size: .85rem; text-align: right; }
.there a { color: var(--blue); text-decoration: none; }
.beside .reason { width: 100%; border-left: 2px solid var(--light); padding-left: 1rem; min-width: 13rem; }
.below .right { padding-right: 0; }
.below .reason { padding-top: 0; padding-bottom: .9rem; }
.values { border-collapse: collapse; }
figcaption { color: var(--grey); font-size: .94rem; padding-bottom: .4rem; }
.values th, .values td { padding: .3rem .8rem; border: 1px solid var(--frame); text-align: right; }
.values td { background: var(--light); font-variant-numeric: tabular-nums; }
.values th { background: var(--faint); color: var(--grey); font-weight: 600; }
.values tbody th { text-align: left; }
.values thead td { background: none !important; border: 0; }
.rules { list-style: none; margin: .7rem 0; padding: 0 0 0 1rem; border-left: 2px solid var(--light); }
.rules.small { columns: 2; font-size: .75rem; line-height: 1.35; overflow-wrap: anywhere; }
.tables { display: flex; flex-wrap: wrap; align-items: flex-start; column-gap: 2.4rem; }
.tables figure { margin: .6rem 0; width: min-content; max-width: 100%; }
.tables figcaption { min-width: 14rem; line-height: 1.4; }
.tables .values { white-space: nowrap; }
.room { border: 1px dashed var(--frame); border-radius: 4px; margin: .8rem 0; }
.answer td { min-width: 4.6rem; height: 1.9rem; }
.answer tbody:first-child td { min-width: 16rem; }
.answer tbody td:not(:empty) { background: var(--faint); color: var(--grey); text-align: center; }
LOOKS@media (max-width: 44rem) { body { margin: 0; border: 0; padding: 1.2rem; } }
@media print {
  @page { size: A4; margin: 18mm 16mm; }
  html { background: #fff; }
  body { max-width: none; margin: 0; padding: 0; border: 0; font-size: 10.5pt; line-height: 1.45; }
  h2, h3, h4 { break-inside: avoid; }
  h2, h3, h4, figcaption { break-after: avoid; }
  .tables { display: block; }
  .tables figure { display: inline-block; vertical-align: top; margin-right: 2rem; }
  .rules.small { font-size: 7pt; line-height: 1.25; }
  tr, .steps, figure, .rules:not(.small), .room { break-inside: avoid; }
  .rules, .rules + .quiet, h3 + .quiet { break-after: avoid; }
  .there { display: none; }
  .scroll, figure { overflow: visible; }
}
"""

QUIET = ' class="quiet"'


@cache
def _style() -> str:
    fills = (f".values.{role} td {{ background: {fill}; }}\n" for role, (fill, _, _) in LOOKS.items())
    return STYLE.replace("LOOKS", "".join(fills))


def write(document: Document) -> bytes:
    """Return the whole page, in UTF-8."""
    return page(document.title, HTML.inline(document.subtitle), HTML.blocks(document))


def page(title: str, subtitle: str, body: Iterable[str], more_style: str = "") -> bytes:
    """Return a page in UTF-8. The title is text; subtitle and body are HTML; more_style is CSS of its own."""
    head = (
        f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>{_style()}{more_style}</style>\n</head>\n"
        f"<body>\n<h1>{escaped(title)}</h1>"
    )
    below = [f'<p class="subtitle">{subtitle}</p>'] if subtitle else []
    return ("\n".join([head, *below, *body, "</body>", "</html>"]) + "\n").encode()


def _steps(steps: Steps) -> str:
    layout = laid_out(steps)
    rows = "\n".join(_row(row, layout.beside) for row in layout.rows)
    kind = "beside" if layout.beside else "below"
    table = f'<div class="scroll"><table class="steps {kind}" role="presentation">\n{rows}\n</table></div>'
    return f"{table}\n{_link(steps.link)}" if steps.link else table


def _link(address: str) -> str:
    """Return a link to a number on another page, with the number's name: layer1.head1.scores[2,1]."""
    cell = unquote(address.rpartition("cell=")[2])
    return f'<p class="there"><a href="{escaped(address)}">▸ {escaped(cell)}</a></p>'


def _row(row: StepRow, beside: bool) -> str:
    left = element(row.left, "large") if row.left else ""
    sign = f"<math>{MathML().sign(row.relation)}</math>" if row.relation else ""
    whole = not (row.left or row.relation)
    before = "" if whole else f'<td class="left">{left}</td><td class="sign">{sign}</td>'
    across = ' colspan="3"' if whole else ""
    cells = f'{before}<td class="right"{across}>{element(row.right, "large")}</td>'
    reason = HTML.inline(row.reason)
    if beside:
        return f'<tr>{cells}<td class="reason">{reason}</td></tr>'
    below = f'\n<tr><td></td><td></td><td class="reason">{reason}</td></tr>' if reason else ""
    return f"<tr>{cells}</tr>{below}"


def _table(caption: str, above: Row, before: Row, cells: list[Row], role: str) -> str:
    labels = [f'<th scope="row">{label}</th>' for label in before] or [""] * len(cells)
    corner = "<td></td>" if before else ""
    head = "".join(f'<th scope="col">{label}</th>' for label in above)
    head = f"<thead><tr>{corner}{head}</tr></thead>\n" if head else ""
    rows = "\n".join(
        f"<tr>{label}{''.join(f'<td>{cell}</td>' for cell in row)}</tr>"
        for label, row in zip(labels, cells, strict=True)
    )
    caption = f"<figcaption>{caption}</figcaption>\n" if caption else ""
    kind = f"values {role}".strip()
    return f'<figure>{caption}<table class="{kind}">\n{head}<tbody>\n{rows}\n</tbody>\n</table></figure>'


HTML = BlockWriter(
    words=escaped,
    formula=element,
    display=lambda maths: f'<div class="scroll">{element(maths, "display")}</div>',
    heading=lambda text, level: f"<h{level + 1}>{text}</h{level + 1}>",
    paragraph=lambda text, quiet: f"<p{QUIET if quiet else ''}>{text}</p>",
    code=lambda text: f"<pre>{escaped(text)}</pre>",
    steps=_steps,
    table=_table,
    lines=lambda lines, small: "\n".join(
        [f'<ul class="rules{" small" if small else ""}">', *(f"<li>{line}</li>" for line in lines), "</ul>"]
    ),
    side_by_side=lambda tables: f'<div class="tables">\n{chr(10).join(tables)}\n</div>',
    room=lambda height: f'<div class="room" style="height: {1.6 * height:g}em"></div>',
)
