"""Documents: what each format makes of each block, of lines and of formulas, and where it is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from byhand.documents import html, markdown, output, plain, tex
from byhand.documents.document import (
    Block,
    Code,
    Document,
    Formula,
    Heading,
    Line,
    Lines,
    Paragraph,
    Plain,
    Room,
    SideBySide,
    Steps,
    Table,
    pieces,
)
from byhand.documents.line_layout import PAGE, laid_out, width
from byhand.documents.output import SUFFIXES, WRITERS, chosen, hand_out, written
from byhand.errors import ByhandError
from byhand.notation.latex import Latex
from byhand.notation.tree import Chain, Grid, Maths, Name, Negative, Number, Over, Power, Product, Quotient, Root, Sum
from byhand.workbook.style import LOOKS

ROW, J, X, E = map(Name, "ijxe")
P, XI = Name("p", (ROW,)), Name("x", (ROW,))
SOFTMAX = Quotient(Power(E, XI), Over("Σ", Power(E, Name("x", (J,))), J))
LONG = Sum(tuple(Product((Number("0.25"), Number("-1.5")), "×") for _ in range(12)))
SMALL = Document(
    "Softmax & more",
    "two < three",
    (
        Heading("Shares"),
        Heading("of p_i", 2),
        Paragraph(("The row ", Name("X", bold=True), " has 50% & e^x_j.")),
        Paragraph(("a remark",), quiet=True),
        Formula(Chain((P, SOFTMAX), ("=",))),
        Steps((Line("", P), Line("=", SOFTMAX, "put in what p_i is"), Line("≤", Number("1")))),
        Table("weights", ("the", P), ("a", "b"), (("1", "−2"), ("3", SOFTMAX)), "attention"),
        Table("", (), ("a",), (("1",),)),
        Table("plain", (), (), (("1", "2"),)),
        Code("byhand derive softmax > a_b.md"),
        Lines(("Q = X · W_Q", Plain("p_i < 1"))),
        Room(3),
        SideBySide((Table("x", (), (), (("5",),)), Table("y", (), (), (("6",),)))),
    ),
)
pdf_only = pytest.mark.skipif(find_spec("typst") is None, reason="typst, an optional extra, is not installed")


def test_the_small_document_has_every_block() -> None:
    assert {type(block) for block in SMALL.blocks} == set(Block.__args__)


# Each format, whole


def test_markdown() -> None:
    assert markdown.write(SMALL).decode() == (
        "# Softmax & more\n\n"
        "*two \\< three*\n\n"
        "## Shares\n\n"
        "### of $p_{i}$\n\n"
        "The row $\\mathbf{X}$ has 50% & $e^{x_{j}}$.\n\n"
        "*a remark*\n\n"
        "$$p_{i} = \\frac{e^{x_{i}}}{\\sum_{j} e^{x_{j}}}$$\n\n"
        "- $\\displaystyle p_{i} = \\frac{e^{x_{i}}}{\\sum_{j} e^{x_{j}}}$  \n"
        "  put in what $p_{i}$ is\n"
        "- $\\displaystyle \\le 1$\n\n"
        "weights\n\n"
        "|  | a | b |\n"
        "| :-- | --: | --: |\n"
        "| **the** | 1 | −2 |\n"
        "| **$p_{i}$** | 3 | $\\frac{e^{x_{i}}}{\\sum_{j} e^{x_{j}}}$ |\n\n"
        "| a |\n"
        "| --: |\n"
        "| 1 |\n\n"
        "plain\n\n"
        "|  |  |\n"
        "| --: | --: |\n"
        "| 1 | 2 |\n\n"
        "```\nbyhand derive softmax > a_b.md\n```\n\n"
        "- Q = X · W\\_Q\n- p\\_i \\< 1\n\n"
        "<br>\n<br>\n<br>\n\n"
        "x\n\n|  |\n| --: |\n| 5 |\n\n"
        "y\n\n|  |\n| --: |\n| 6 |\n"
    )


def test_plain_text() -> None:
    assert plain.write(SMALL).decode() == (
        "Softmax & more\n==============\n\n"
        "two < three\n\n"
        "Shares\n------\n\n"
        "of p_i\n\n"
        "The row X has 50% & e^x_j.\n\n"
        "a remark\n\n"
        "    p_i = e^x_i / Σ_j e^x_j\n\n"
        "      p_i\n"
        "    = e^x_i / Σ_j e^x_j\n"
        "          put in what p_i is\n"
        "    ≤ 1\n\n"
        "weights\n"
        "         a                  b\n"
        "    the  1                 −2\n"
        "    p_i  3  e^x_i / Σ_j e^x_j\n\n"
        "    a\n"
        "    1\n\n"
        "plain\n"
        "    1  2\n\n"
        "    byhand derive softmax > a_b.md\n\n"
        "    Q = X · W_Q\n    p_i < 1\n\n"
        "\n\n\n\n\n"
        "x\n    5\n\ny\n    6\n"
    )


def test_plain_text_is_wrapped_for_a_terminal() -> None:
    """Sentences and reasons between words, under their own beginning; headings, formulas and tables never."""
    long, formula = ("two three four " * 3).strip(), Sum(tuple(Name(f"letter_{n}") for n in range(9)))
    steps = Steps((Line("", formula), Line("=", formula, long)))
    numbers = Table("", (), (), (tuple(f"{n}" * 9 for n in range(5)),))
    document = Document(long, "", (Heading(long), Paragraph((long,)), Formula(formula), steps, numbers))
    whole = plain.write(document).decode()
    lines = plain.on_terminal(document, 30).split("\n")
    assert lines[0] == lines[3] == long
    assert lines[6:8] == ["two three four two three four", "two three four"]
    assert [line for line in lines if line.startswith(" " * 10)] == [
        "          two three four two",
        "          three four two three",
        "          four",
    ]
    too_long = [line for line in lines if len(line) > 30]
    assert all(line == long or line.startswith("    ") or set(line) <= set("=-") for line in too_long)
    assert " ".join(" ".join(lines).split()) == " ".join(whole.split())
    assert plain.on_terminal(document, 500) == whole


def test_tex() -> None:
    body = tex.write(SMALL).decode().partition(r"\maketitle")[2]
    assert body == (
        "\n\n\\section*{Shares}\n\n"
        "\\subsection*{of $p_{i}$}\n\n"
        "The row $\\mathbf{X}$ has 50\\% \\& $e^{x_{j}}$.\n\n"
        "{\\small\\itshape a remark\\par}\n\n"
        "\\[ p_{i} = \\frac{e^{x_{i}}}{\\sum_{j} e^{x_{j}}} \\]\n\n"
        "\\begin{align*}\n"
        "p_{i} &= \\frac{e^{x_{i}}}{\\sum_{j} e^{x_{j}}} && \\beside{put in what $p_{i}$ is} \\\\\n"
        "&\\le 1\n"
        "\\end{align*}\n\n"
        "\\begin{center}\n{\\small weights}\\\\[0.4em]\n\\begin{tabular}{l|rr}\n"
        " & a & b \\\\ \\hline\n"
        "the & 1 & $-$2 \\\\\n"
        "$p_{i}$ & 3 & $\\frac{e^{x_{i}}}{\\sum_{j} e^{x_{j}}}$ \\\\\n"
        "\\end{tabular}\n\\end{center}\n\n"
        "\\begin{center}\n\\begin{tabular}{r}\na \\\\ \\hline\n1 \\\\\n\\end{tabular}\n\\end{center}\n\n"
        "\\begin{center}\n{\\small plain}\\\\[0.4em]\n"
        "\\begin{tabular}{rr}\n1 & 2 \\\\\n\\end{tabular}\n\\end{center}\n\n"
        "\\begin{verbatim}\nbyhand derive softmax > a_b.md\n\\end{verbatim}\n\n"
        "\\begin{quote}\nQ = X $\\cdot$ W\\_Q \\\\\np\\_i < 1\n\\end{quote}\n\n"
        "\\vspace{3\\baselineskip}\n\n"
        "\\begin{center}\n{\\small x}\\\\[0.4em]\n\\begin{tabular}{r}\n5 \\\\\n\\end{tabular}\n\\end{center}\n\n"
        "\\begin{center}\n{\\small y}\\\\[0.4em]\n\\begin{tabular}{r}\n6 \\\\\n\\end{tabular}\n\\end{center}\n\n"
        "\\end{document}\n"
    )


def test_html_has_each_block_in_its_element() -> None:
    text = html.write(SMALL).decode()
    body = re.sub(r"<math.*?</math>", "…", text.partition("<body>")[2], flags=re.DOTALL)
    for expected in (
        "<h1>Softmax &amp; more</h1>",
        '<p class="subtitle">two &lt; three</p>',
        "<h2>Shares</h2>",
        "<h3>of …</h3>",
        "<p>The row … has 50% &amp; ….</p>",
        '<p class="quiet">a remark</p>',
        '<tr><td class="left">…</td><td class="sign">…</td><td class="right">…</td>'
        '<td class="reason">put in what … is</td></tr>',
        '<figure><figcaption>weights</figcaption>\n<table class="values attention">\n'
        '<thead><tr><td></td><th scope="col">a</th><th scope="col">b</th></tr></thead>\n'
        '<tbody>\n<tr><th scope="row">the</th><td>1</td><td>−2</td></tr>',
        "<pre>byhand derive softmax &gt; a_b.md</pre>",
        '<ul class="rules">\n<li>Q = X · W_Q</li>\n<li>p_i &lt; 1</li>\n</ul>',
        '<div class="room" style="height: 4.8em"></div>',
        '<div class="tables">\n<figure><figcaption>x</figcaption>',
    ):
        assert expected in body
    assert "<title>Softmax &amp; more</title>" in text


@pytest.mark.parametrize("role", LOOKS)
def test_html_dresses_a_table_in_the_colour_of_its_role(role: str) -> None:
    text = html.write(Document("", "", (Table("", (), (), (("1",),), role),))).decode()
    assert f".values.{role} td {{ background: {LOOKS[role][0]}; }}" in text
    assert f'<table class="values {role}">' in text


@pdf_only
def test_pdf_is_the_same_on_each_run() -> None:
    first = written(SMALL, "pdf")
    assert first.startswith(b"%PDF-")
    assert written(SMALL, "pdf") == first
    code = "import sys; from byhand.documents.output import written; from documents.test_documents import SMALL; "
    code += "sys.stdout.buffer.write(written(SMALL, 'pdf'))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True, timeout=120)
    assert done.stdout == first


def test_the_markup_of_the_pdf_names_no_font_of_the_system() -> None:
    typst = pytest.importorskip("typst")
    from byhand.documents.pdf import PREAMBLE

    brought = {font.family for font in typst.Fonts(include_system_fonts=False).fonts()}
    named = set(re.findall(r'font: "(.+?)"', PREAMBLE))
    assert named
    assert named <= brought


@pdf_only
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not installed")
def test_the_pdf_can_be_read_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(written(SMALL, "pdf"))
    text = subprocess.run(["pdftotext", str(tmp_path / "a.pdf"), "-"], capture_output=True, check=True).stdout.decode()
    for words in ("Softmax & more", "two < three", "Shares", "a remark", "put in what", "weights", "a_b.md", "1/1"):
        assert words in text


# Lines


def test_a_short_first_line_is_the_left_side_of_the_second() -> None:
    rows = laid_out(Steps((Line("", P), Line("=", SOFTMAX, "why"), Line("=", X)))).rows
    assert [(row.left, row.relation, row.right, row.reason) for row in rows] == [
        (P, "=", SOFTMAX, "why"),
        (None, "=", X, ""),
    ]


@pytest.mark.parametrize("first", [Line("", P, "begin"), Line("", LONG)])
def test_a_first_line_that_is_long_or_has_a_reason_stands_alone(first: Line) -> None:
    rows = laid_out(Steps((first, Line("=", X, "why")))).rows
    assert rows[0].left is None
    assert rows[-1].relation == "="
    assert len(rows) >= 2


def test_one_line_alone_is_a_line() -> None:
    (row,) = laid_out(Steps((Line("", P),))).rows
    assert (row.left, row.relation, row.right) == (None, "", P)


def test_a_long_sum_goes_on_below_with_its_signs() -> None:
    terms = tuple(Negative(term) if n % 2 else term for n, term in enumerate(LONG.terms))
    rows = laid_out(Steps((Line("", P), Line("=", Sum(terms), "numbers put in"), Line("=", X)))).rows
    assert rows[0].relation == "="
    assert {row.relation for row in rows[1:-1]} <= {"+", "−"}
    assert [row.reason for row in rows if row.reason] == ["numbers put in"]
    assert rows[-2].reason
    written_out = " ".join(f"{Latex().sign(row.relation)} {Latex()(row.right)}" for row in rows[:-1])
    assert written_out == f"= {Latex()(Sum(terms))}"
    assert all(width(row.right) <= PAGE for row in rows)


def test_reasons_stand_beside_short_lines_and_below_long_ones() -> None:
    assert laid_out(Steps((Line("", P), Line("=", X, "why")))).beside
    assert not laid_out(Steps((Line("", P), Line("=", LONG, "why")))).beside
    assert not laid_out(Steps((Line("", P), Line("=", X)))).beside
    wide = Grid(((LONG,),))
    text = tex.write(Document("", "", (Steps((Line("", P), Line("=", wide, "why"))),))).decode()
    assert r"\below{why}" in text
    assert (
        '<tr><td></td><td></td><td class="reason">why</td></tr>'
        in html.write(Document("", "", (Steps((Line("", P), Line("=", wide, "why"))),))).decode()
    )


# Formulas in sentences


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("put in what p_i is", [P]),
        ("x_ij and W_Q", [Name("x", (ROW, J)), Name("W", (Name("Q"),))]),
        ("d_model, not d", [Name("d", (Name("model"),))]),
        ("by √d_k.", [Root(Name("d", (Name("k"),)))]),
        ("e^x_j", [Power(E, Name("x", (J,)))]),
        ("e^(a + b − c)", [Power(E, Sum((Name("a"), Name("b"), Negative(Name("c")))))]),
        ("g_i² of σ²", [Power(Name("g", (ROW,)), Number("2")), Power(Name("σ"), Number("2"))]),
        ("x^2 and β^t", [Power(X, Number("2")), Power(Name("β"), Name("t"))]),
        ("∂x_j and ∂x", [Name("∂x", (J,)), Name("∂x")]),
        ("ŷ, x̂ and x̂_i", [Name("x̂"), Name("x̂", (ROW,))]),
        ("q_1", [Name("q", (Number("1"),))]),
        ("layer1.W_Q is a name, foo_bar too, and n = 3, f(x), page.md", []),
        ("e^(f(x))", []),
    ],
)
def test_letters_in_sentences_are_set_as_formulas(text: str, formulas: list[Maths]) -> None:
    found = list(pieces(text))
    assert [piece for piece in found if isinstance(piece, Maths)] == formulas
    assert [piece for piece in pieces(X, "a", X) if isinstance(piece, Maths)] == [X, X]
    if not formulas:
        assert found == [text]


# Which format, and where


@pytest.mark.parametrize(
    ("file", "said", "form"),
    [
        (None, None, "txt"),
        (None, "html", "html"),
        *((f"a{suffix}", None, form) for suffix, form in SUFFIXES.items()),
        ("a.HTML", None, "html"),
        ("a.page", "md", "md"),
        ("a.htm", "html", "html"),
    ],
)
def test_the_format_is_said_or_follows_the_name(
    file: str | None, said: str | None, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "find_spec", lambda name: name)
    assert chosen(tmp_path / file if file else None, said) == form


def test_every_format_has_a_suffix_and_a_writer() -> None:
    assert set(SUFFIXES.values()) == set(WRITERS)


def test_a_pdf_without_typst_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "find_spec", lambda name: None)
    with pytest.raises(ByhandError, match=r"not installed: install it with `pip install 'byhand\[pdf\]'`, or choose"):
        chosen(tmp_path / "a.pdf", None)
    assert chosen(tmp_path / "a.html", None) == "html"


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.md"
    assert hand_out(SMALL, "md", path) == f"Wrote {path}.\n"
    assert path.read_bytes() == markdown.write(SMALL)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    path.write_text("old")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ByhandError, match="no space left on device; choose another place with -o"):
        hand_out(SMALL, "md", path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_terminal_gets_the_text() -> None:
    assert hand_out(SMALL, "md", None) == markdown.write(SMALL).decode()
