"""The pages about a training: the text, the curve of the loss and its floor, and the weights before and after."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from byhand.core.arithmetic.excel import Address
from byhand.core.graph import Node, Scope
from byhand.core.labels import Tokens
from byhand.core.roles import Look, Role
from byhand.language.architecture import Graph
from byhand.lessons.corpus import Place
from byhand.lessons.first_step import PLACE, FirstStep, beside
from byhand.lessons.heads import Findings
from byhand.lessons.measures import Beginning, Guess, best_share, floor, loss_of, share_right
from byhand.lessons.training_story import Story
from byhand.tokenizers.bpe_training import LearnedBpe
from byhand.workbook import style
from byhand.workbook.book import Book, absolute
from byhand.workbook.heads_page import NAME as HEADS
from byhand.workbook.heads_page import write_heads
from byhand.workbook.links import write_links
from byhand.workbook.page import Page
from byhand.workbook.pieces_page import NAME as PIECES
from byhand.workbook.pieces_page import write_pieces
from byhand.workbook.weights_page import WeightsPage
from byhand.xlsx.charts import Chart, Kind, Series
from byhand.xlsx.writer import Content, Sheet, Span, cut, edges

MOST_LINES, MOST_TOKENS = 100, 24
"""The most sequences that are shown, and the most tokens of one."""
MOST_ROWS = 500
"""The most rows of what stands before a word and what follows; of more, the floor is a number and no formula."""
MOST_POINTS = 40
"""The most points of the curve."""
LONGEST_BEFORE = 44
"""The most characters that are shown of what stands before a word."""
FIRST, CHART, SUMMARY = 4, 16, 11  # the row under the header, the rows of the chart, the column of the summary
BEFORE, WORD, TIMES, OF, SHARE, EXPECTED, RIGHT, ENTROPY, LOSS, BEST = 1, 5, 6, 7, 8, 9, 10, 11, 12, 13  # columns
CURVE = 16
ACROSS = ((BEFORE, SUMMARY), (BEFORE, BEST + 1), (SUMMARY, CURVE), (CURVE, CURVE + 4))
"""The columns of the chart, the counts, the summary and the curve."""
GREEN, ORANGE = "#237A45", "#C7761B"
WIDTH = 9.4


@dataclass
class TrainingPages:
    """The pages Training, Pieces of words, What each head does, and Before and after: planned, then written.

    findings: what each head does; None for a model without heads. learned: the pieces that the text is cut into; None
    where its tokens are words or characters.
    """

    story: Story
    findings: Findings | None = None
    learned: LearnedBpe | None = None
    training: Page = field(default_factory=lambda: Page(Scope("", title="Training", page=True), turned=False))
    weights: Page = field(default_factory=lambda: Page(Scope("", title="Before and after", page=True), turned=False))
    heads: Page = field(default_factory=lambda: Page(Scope("", title=HEADS, page=True), turned=False))
    pieces: Page = field(default_factory=lambda: Page(Scope("", title=PIECES, page=True), turned=False))
    words: dict[int, tuple[str, Tokens]] = field(default_factory=dict)
    apart: Scope = PLACE

    @property
    def pages(self) -> list[Page]:
        """The pages, in the order of their sheets."""
        pieces, heads = ([self.pieces] if self.learned else []), ([self.heads] if self.findings else [])
        return [self.training, *pieces, *heads, self.weights]

    def without_step(self) -> TrainingPages:
        """Return the pages without the first training step."""
        return TrainingPages(replace(self.story, step=None), self.findings, self.learned)

    def graph_with(self, graph: Graph) -> Graph:
        """Return the graph of the model that has learnt, with the tables of the first training step."""
        return beside(graph, self.story.step) if self.story.step else graph

    @cached_property
    def lines(self) -> list[tuple[int, list[str], list[Place | None]]]:
        """The sequences that are shown, each with its number."""
        corpus = self.story.corpus
        every = zip(range(1, len(corpus.lines) + 1), corpus.lines, corpus.asked, strict=True)
        return list(every)[:MOST_LINES]

    @property
    def text_row(self) -> int:
        """The row of the heading over the text."""
        return FIRST + CHART + 2

    @property
    def words_row(self) -> int:
        """The row of the heading over what the first step reads."""
        return self.text_row + 3 + 2 * len(self.lines) + 1

    @property
    def counts_row(self) -> int:
        """The row of the heading over what may follow what."""
        return self.words_row + (len(self.words) + 4 if self.words else 2)

    def plan(self, book: Book) -> None:
        """Decide where the words of the first step stand, and enter them in the book, whose pages refer to them."""
        if self.story.step is None:
            return
        given = [n for n in book.nodes if not book.in_model(n.scope) and n.role is Role.TOKENS and n.data is not None]
        row = self.words_row + 3
        for node in sorted(given, key=_sequence):
            tokens = node.shape[0].labels
            assert isinstance(tokens, Tokens)
            what = "should answer" if tokens.optional else "writes so far" if ".decoder." in node.name else "reads"
            self.words[row] = (what, tokens)
            book.words[tokens] = [(self.training, row, 4 + i) for i in range(node.shape[0])]
            row += 1

    def write(self, book: Book, sheets: Mapping[Page, Sheet]) -> None:
        """Write these pages; the others must have been written."""
        _TrainingPage(self, book, sheets[self.training]).write()
        WeightsPage(book, sheets[self.weights], self.weights, self.story.weights, self.story.step).write()
        if self.findings:
            write_heads(book, sheets[self.heads], self.heads, self.findings)
        if self.learned:
            write_pieces(book, sheets[self.pieces], self.pieces, self.learned)


def _sequence(node: Node) -> int:
    """Return the number of the sequence that a table of the first step belongs to."""
    numbered = re.search(r"\brow(\d+)\.", node.name)
    return int(numbered[1]) if numbered else 1


def thinned(curve: Sequence[Sequence[float]]) -> list[Sequence[float]]:
    """Return at most MOST_POINTS points of a curve, evenly, with the first and the last: they fit a page of paper."""
    if len(curve) <= MOST_POINTS:
        return list(curve)
    places = [round(n * (len(curve) - 1) / (MOST_POINTS - 1)) for n in range(MOST_POINTS)]
    return [curve[n] for n in places]


def _first_rows(beginnings: Sequence[Beginning], most: int) -> list[Beginning]:
    """Return the first beginnings, each with all of its rows, of at most so many rows; one at least."""
    ends = accumulate(len(b.continuations) for b in beginnings)
    return [b for n, (b, end) in enumerate(zip(beginnings, ends, strict=True)) if end <= most or n == 0]


class _TrainingPage:
    """Writes the page Training."""

    def __init__(self, plan: TrainingPages, book: Book, sheet: Sheet) -> None:
        self.plan, self.book, self.sheet, self.story = plan, book, sheet, plan.story
        self.spans: list[Span] = [(FIRST, plan.text_row)]

    def write(self) -> None:
        """Write all of the page."""
        self._title()
        totals = self._counts()
        self._curve(totals)
        self._summary(totals)
        self._text()
        self._first_step()
        columns = max(CURVE + 4, self._widest_text())
        self.sheet.columns(0, 0, 3)
        self.sheet.columns(1, columns, WIDTH)
        self.sheet.page(
            FIRST - 1, self.book.about.title, cut(Content(self.spans, edges([3, *[WIDTH] * columns]), ACROSS))
        )

    def _widest_text(self) -> int:
        """Return the last column that the text takes."""
        longest = max((len(words) for _, words, _ in self.plan.lines), default=0)
        return 1 + min(longest, MOST_TOKENS) + (2 if longest > MOST_TOKENS else 0)

    def _title(self) -> None:
        story, options = self.story, self.story.stated.options
        self.sheet.text(0, 1, "Training: how the weights were learnt", style.TITLE)
        self.sheet.height(0, 27)
        size = "all sequences" if options.batch_size is None else f"{options.batch_size} sequences"
        parts = [
            f"{story.stated.steps:,} step{'s' * (story.stated.steps != 1)} of {options.optimizer}, {size} a step",
            f"learning rate {options.rate:g}",
            f"warm-up {options.warmup} steps" if options.warmup else "",
            "then along a cosine to 0" if options.cosine else "",
            f"weights on a grid of {options.grid:g}" if options.grid else "",
            f"{len(story.corpus.examples) - len(story.aside):,} examples",
            f"{len(story.aside)} held out" if story.aside else "",
            f"{sum(w.size for w in story.weights.values()):,} weights",
        ]
        self.sheet.text(1, 1, " · ".join(filter(None, parts)), style.SUBTITLE)
        column = write_links(self.book.sheet_names, self.sheet, self.plan.training, WIDTH)
        if self.story.step is not None:
            page = self.book.homes[self.story.step.training.losses[0]].page
            name = self.book.sheet_names[page]
            self.sheet.link(2, column + 1, "First step, its loss ▸", name, "A1", style.LINK)

    # What may follow

    def _counts(self) -> _Totals:
        """Write what stands before each word and what may follow; return where the totals stand, or their numbers."""
        shown = _first_rows(self.story.beginnings, MOST_ROWS)
        row = self.plan.counts_row
        self._head(row, "What may follow, counted in the text, and what the model expects")
        fits = len(shown) == len(self.story.beginnings)
        more = "" if fits else f" The first {len(shown):,} of {len(self.story.beginnings):,} beginnings."
        self.sheet.text(
            row + 1, 1, f"Each word is to be found from {self.story.given}.{more}", style.text(11, style.GREY)
        )
        heads = {
            BEFORE: "given",
            WORD: "to find",
            TIMES: "times",
            OF: "of",
            SHARE: "share",
            EXPECTED: "model's p",
            RIGHT: "right",
            ENTROPY: "−n ln share",
            LOSS: "−n ln p",
            BEST: "best",
        }
        for column, head in heads.items():
            label = style.ROW_LABEL if column == BEFORE else style.COLUMN_LABEL
            self.sheet.text(row + 3, column + (3 if column == BEFORE else 0), head, label)
        for column, sum_of in {ENTROPY: "floor", LOSS: "loss"}.items() if fits else ():
            self.sheet.text(row + 1, column, sum_of, style.COLUMN_LABEL)
        at = first = row + 4
        for beginning in shown:
            self.spans.append((at, at + len(beginning.continuations)))
            for n in range(len(beginning.continuations)):
                self._count(at, at - n, beginning, n)
                at += 1
        last = at - 1
        self._total_row(row + 2, first, last, rows_fit=fits)
        self.sheet.heat((first, SHARE, last, SHARE), GREEN)
        self.sheet.heat((first, EXPECTED, last, EXPECTED), GREEN)
        return _Totals(self, row + 2 if fits else None)

    def _count(self, at: int, first: int, beginning: Beginning, n: int) -> None:
        """Write a row. first: the row of the beginning's first word."""
        of = list(beginning.continuations.values())
        word, last = of[n], first + len(of) - 1
        times = f"{Address(first, TIMES)}:{Address(last, TIMES)}"
        shown = (
            beginning.before
            if len(beginning.before) <= LONGEST_BEFORE
            else f"…{beginning.before[1 - LONGEST_BEFORE :]}"
        )
        self.sheet.text(at, BEFORE + 3, shown if n == 0 else "″", style.text(11, style.GREY, align="right"))
        self.sheet.text(at, WORD, word.word, style.text(11, style.INK, bold=True, align="center"))
        whole, part = style.cell(Look.COMPUTED, "0"), style.cell(Look.COMPUTED, "0.000")
        self.sheet.number(at, TIMES, word.count, style.cell(Look.SHOWN, "0"))
        self.sheet.formula(at, OF, f"SUM({times})", beginning.count, whole)
        share = word.count / beginning.count
        self.sheet.formula(
            at, SHARE, f"{Address(at, TIMES)}/{Address(at, OF)}", share, style.cell(Look.ATTENTION, "0.000")
        )
        self.sheet.number(at, EXPECTED, word.p, style.cell(Look.ATTENTION, "0.000"))
        self.sheet.number(at, RIGHT, word.count if word.right else 0, style.cell(Look.SHOWN, "0;;–"))
        for column, of_what, value in ((ENTROPY, SHARE, share), (LOSS, EXPECTED, word.p)):
            formula = f"-{Address(at, TIMES)}*LN({Address(at, of_what)})"
            self.sheet.formula(at, column, formula, -word.count * float(np.log(value)) + 0.0, part)
        if n == 0:
            self.sheet.formula(at, BEST, f"MAX({times})", max(c.count for c in of), whole)

    def _total_row(self, row: int, first: int, last: int, rows_fit: bool) -> None:
        """Write the sums over the table."""
        if not rows_fit:
            return
        every = [c for b in self.story.beginnings for c in b.continuations.values()]
        sums = {
            TIMES: sum(c.count for c in every),
            RIGHT: sum(c.count for c in every if c.right),
            ENTROPY: floor(self.story.beginnings) * sum(c.count for c in every),
            LOSS: sum(-c.count * c.log_p for c in every),
            BEST: sum(max(c.count for c in b.continuations.values()) for b in self.story.beginnings),
        }
        self.sheet.text(row, WORD, "sum", style.ROW_LABEL)
        for column, value in sums.items():
            look = style.cell(Look.RESULT, "0.000" if column in (ENTROPY, LOSS) else "0")
            self.sheet.formula(row, column, f"SUM({Address(first, column)}:{Address(last, column)})", value, look)
        self.spans.append((row - 2, row + 2))

    # The curve

    def _curve(self, totals: _Totals) -> None:
        """Write the losses on the way, and their chart."""
        curve, row = thinned(self.story.curve), self.plan.counts_row
        self._head(row, "The numbers of the curve", CURVE)
        heads = ["steps", "loss", *(["held out"] if self.story.aside else []), "floor"]
        for n, head in enumerate(heads):
            self.sheet.text(row + 3, CURVE + n, head, style.COLUMN_LABEL)
        first, last = row + 4, row + 3 + len(curve)
        begins = self.story.step is not None and self.story.step.whole and curve[0][0] == 0
        live = {*([first] if begins else []), *([] if totals.are_numbers else [last])}
        for at, point in enumerate(curve, first):
            self.sheet.number(at, CURVE, point[0], style.cell(Look.SHOWN, "0"))
            if at not in live:
                self.sheet.number(at, CURVE + 1, point[1], style.cell(Look.SHOWN, "0.0000"))
            if self.story.aside:
                self.sheet.number(at, CURVE + 2, point[-1], style.cell(Look.SHOWN, "0.0000"))
            totals.write(at, CURVE + len(heads) - 1, "floor", style.cell(Look.COMPUTED, "0.0000"))
        if self.story.step is not None and begins and (first != last or totals.are_numbers):
            self._link(first, CURVE + 1, self.story.step.training.losses[0], style.cell(Look.COMPUTED, "0.0000"))
        if not totals.are_numbers:
            totals.write(last, CURVE + 1, "loss", style.cell(Look.COMPUTED, "0.0000"))
        self.spans.append((row, last + 1))
        colours = [style.INK, *([ORANGE] if self.story.aside else []), GREEN]
        names = ["loss", *(["loss of what is held out"] if self.story.aside else []), "the floor of the text"]
        over = (first, CURVE), (last, CURVE)
        series = [
            Series(name, over, ((first, CURVE + n), (last, CURVE + n)), colour, "dash" if n == len(names) else "solid")
            for n, (name, colour) in enumerate(zip(names, colours, strict=True), 1)
        ]
        self._head(FIRST, "The loss, from step to step")
        size, end = (640, 20 * (CHART - 1)), float(curve[-1][0])
        chart = Chart(Kind.CURVES, "", series, "steps", "loss", "top", size, format="0.0", least=0, end=end)
        self.sheet.chart(FIRST + 1, 1, chart)

    def _link(self, row: int, column: int, node: Node, look: dict[str, Any]) -> None:
        """Write a cell that shows a single number of the first step."""
        ((cell,),) = self.book.result(node)
        self.sheet.formula(
            row, column, self.book.address(cell, self.plan.training), float(self.book.values[node][0, 0]), look
        )

    # The summary

    def _summary(self, totals: _Totals) -> None:
        story, row = self.story, FIRST
        self._head(row, "What it knows of its text", SUMMARY)
        for n, head in enumerate(("before", "after", "at best")):
            self.sheet.text(row + 1, SUMMARY + 2 + n, head, style.COLUMN_LABEL)
        number, percent = style.cell(Look.RESULT, "0.0000"), style.cell(Look.RESULT, "0.0%")
        before = story.learnt_from(story.before)
        rows = (
            ("loss", number, loss_of(before), "loss", "floor"),
            ("right words", percent, share_right(before), "right", "best"),
        )
        for n, (name, look, at_first, now, best) in enumerate(rows, row + 2):
            self.sheet.text(n, SUMMARY + 1, name, style.ROW_WORD)
            self.sheet.number(n, SUMMARY + 2, at_first, look)
            totals.write(n, SUMMARY + 3, now, look)
            totals.write(n, SUMMARY + 4, best, look)
        row += 4
        if story.aside:
            for name, measure, look in (("loss, held out", loss_of, number), ("right, held out", share_right, percent)):
                self.sheet.text(row, SUMMARY + 1, name, style.ROW_WORD)
                for n, of in enumerate((story.before, story.after)):
                    self.sheet.number(row, SUMMARY + 2 + n, measure(story.held_out(of)), look)
                row += 1
        for n, line in enumerate(self._about_floor(), row + 1):
            self.sheet.text(n, SUMMARY, line, style.text(11, style.GREY))

    def _about_floor(self) -> list[str]:
        """Return lines that say what the floor of this text is."""
        open_ends = [b for b in self.story.beginnings if len(b.continuations) > 1]
        lines = [
            "The floor is the conditional entropy of the text: the mean of",
            "−ln(share), where a word's share is counted given",
            f"{self.story.given}.",
        ]
        if not open_ends:
            return [*lines, "Here it is 0: everything in this text follows from what is given."]
        example = max(open_ends, key=lambda b: b.count)
        of = list(example.continuations.values())[:3]
        after = f"…{example.before[-24:]}" if len(example.before) > 25 else example.before
        listed = ", ".join(f"{c.word} {c.count} of {example.count}" for c in of)
        return [
            *lines,
            "No model that sees only that can do better, since the text",
            f"goes on in different ways: after “{after}” {listed}.",
        ]

    # The text

    def _text(self) -> None:
        story, row = self.story, self.plan.text_row
        count = len(story.corpus.lines)
        shown = "" if count == len(self.plan.lines) else f", the first {len(self.plan.lines)}"
        self._head(row, f"The text, as {count:,} sequence{'s' * (count != 1)}{shown}")
        about = (
            "Under each word: how probable it is for the model, given what it may look at. "
            "Grey: given, nothing to find. Red: another word is more probable."
        )
        self.sheet.text(row + 1, 1, about, style.text(11, style.GREY))
        for n, (number, words, asked) in enumerate(self.plan.lines):
            at = row + 3 + 2 * n
            held = any(place and place[0] in story.aside for place in asked)
            self.sheet.text(at, 1, f"{number}{' held out' if held else ''}", style.ROW_LABEL)
            for i, (word, place) in enumerate(zip(words, asked, strict=True)):
                if i == MOST_TOKENS:
                    self.sheet.text(at, 2 + i, f"… {len(words) - i} more", style.NOTE)
                    break
                guess = story.after[place[0]][place[1]] if place else None
                self.sheet.text(at, 2 + i, word, _word_style(guess))
                if guess:
                    self.sheet.number(at + 1, 2 + i, guess.p, P_RIGHT if guess.right else P_WRONG)
            self.spans.append((at, at + 2))

    # The first step

    def _first_step(self) -> None:
        step = self.story.step
        row = self.plan.words_row
        if step is None or not self.plan.words:
            self.sheet.text(
                row, 1, "The first training step has more cells, or longer formulas, than fit here.", style.RULE
            )
            return
        count = len(step.examples)
        what = (
            "all of its examples"
            if step.whole and count > 1
            else "its only example"
            if step.whole
            else "its first example alone"
        )
        self._head(row, f"The first training step, with {what}: change a word, and follow the gradients")
        self._step_links(row + 1, step)
        for at, (said, tokens) in self.plan.words.items():
            self.sheet.text(at, 3, said, style.ROW_LABEL)
            words = self.book.reference(self.book.words[tokens.vocabulary])
            cells = self.book.words[tokens]
            for i, (_, line, column) in enumerate(cells):
                self.sheet.text(line, column, self.book.text_of(tokens, i), style.WORD)
            self.sheet.choices((at, 4, at, 3 + len(cells)), f"={words}", "Choose a word of the vocabulary.")
        self.spans.append((row, row + len(self.plan.words) + 3))

    def _step_links(self, row: int, step: FirstStep) -> None:
        """Write the loss of the step, and links to its pages: forward, backward, updates."""
        training = step.training
        self.sheet.text(row, 3, "loss", style.ROW_LABEL)
        self._link(row, 4, training.losses[0], style.cell(Look.RESULT, "0.0000"))
        nodes = {
            "forward ▸": next(iter(w for w in self.book.nodes if PLACE in w.scope.outward and w.page)),
            "gradients ▸": next(iter(training.gradients.values())),
            "new weights ▸": next(iter(training.updated.values())),
        }
        for n, (text, node) in enumerate(nodes.items()):
            name = self.book.sheet_names[self.book.homes[node].page] if node in self.book.homes else ""
            if name:
                self.sheet.link(row, 6 + 2 * n, text, name, "A1", style.LINK)

    def _head(self, row: int, text: str, column: int = 1) -> None:
        self.sheet.text(row, column, text, style.HEADING)


P_RIGHT = style.text(11, style.GREY, align="center", num_format="0.00")
P_WRONG = style.text(11, style.RED, align="center", num_format="0.00", italic=True)
SHADES = ("#FFFFFF", "#E3F3E8", "#BFE3CB", "#93CFA7", "#66B983")
"""The fill of a word, from one that the model does not expect to one that it is sure of."""


def _word_style(guess: Guess | None) -> dict[str, Any]:
    """Return the style of a word: grey if it is given, else the greener, the more the model expects it."""
    framed = {"align": "center", "border": 1, "border_color": style.FRAME, "shrink": True}
    if guess is None:
        return style.text(11, style.GREY, bg_color="#ECEFF2", **framed)
    colour = style.INK if guess.right else style.RED
    shade = SHADES[min(int(guess.p * len(SHADES)), len(SHADES) - 1)]
    return style.text(11, colour, bold=guess.right, italic=not guess.right, bg_color=shade, **framed)


@dataclass
class _Totals:
    """Writes what follows from the sums over the counts: as formulas of them, or as numbers where not all are there."""

    page: _TrainingPage
    row: int | None

    @property
    def are_numbers(self) -> bool:
        return self.row is None

    def write(self, row: int, column: int, what: str, look: dict[str, Any]) -> None:
        """Write a mean: the loss or its floor, or the share of words that are right or can be."""
        story = self.page.story
        after = story.learnt_from(story.after)
        sums = {"loss": LOSS, "floor": ENTROPY, "right": RIGHT, "best": BEST}
        values = {
            "loss": lambda: loss_of(after),
            "floor": lambda: floor(story.beginnings),
            "right": lambda: share_right(after),
            "best": lambda: best_share(story.beginnings),
        }
        if self.row is None:
            self.page.sheet.number(row, column, values[what](), look)
            return
        total = absolute(self.row, TIMES)
        formula = f"{absolute(self.row, sums[what])}/{total}"
        self.page.sheet.formula(row, column, formula, values[what](), look)
