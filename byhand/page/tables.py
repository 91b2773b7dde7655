"""The tables of a page: given numbers, the rules of computed ones, labels, and the forms of their formulas."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import numpy as np

from byhand.core.arithmetic.javascript import rule
from byhand.core.captions import equation, opened, symbol, symbol_from, title
from byhand.core.graph import Array, Node, Scope, toposort
from byhand.core.labels import Labels, Pieces, Tokens, Typed, spelling
from byhand.core.number_text import in_full
from byhand.core.roles import Look
from byhand.glossary import meaning
from byhand.page.formulas import Forms, symbol_markup

MOST_NODES = 60
"""The most operations of a changed rule: a longer one is left out, and with it its misconception at this table."""


class Numbered(dict[Any, int]):
    """Things in the order in which they are first asked for, each with its number."""

    def of(self, thing: Any) -> int:
        return self.setdefault(thing, len(self))


class Shared:
    """What the lessons of a page share: forms of formulas, symbols, steps and vocabularies."""

    def __init__(self) -> None:
        self.forms = Forms()
        self.symbols, self.steps, self.vocabularies = Numbered(), Numbered(), Numbered()

    def data(self) -> dict[str, Any]:
        """Return them for the page, each in the order of its numbers. A symbol is MathML of two kinds."""
        return {
            "forms": [list(form) for form in self.forms.forms],
            "symbols": [list(symbol_markup(text)) for text in self.symbols],
            "steps": [list(step) for step in self.steps],
            "vocabularies": [
                {"name": name, "words": list(words)} | dict(more) for name, words, *more in self.vocabularies
            ],
        }

    def vocabulary(self, of: Labels) -> int:
        """Return the number of a vocabulary."""
        return self.vocabularies.of((of.name, of.words))

    def pieces(self, of: Pieces, number: Callable[[Node], int]) -> int:
        """Return the number of a vocabulary of pieces, which grows with merges. number: of a table."""
        merges = tuple((number(left), number(right)) for left, right in of.merges)
        return self.vocabularies.of((of.name, of.letters, ("merges", merges), ("inside", of.inside)))

    def step(self, of: Scope, turned: bool) -> int:
        """Return the number of a step: its title, its equation and its source."""
        return self.steps.of((opened(title(of)), equation(of, turned), of.source))


class PageTables:
    """Every table of a page with its number: the named ones in the model's order, then the views that it shows."""

    def __init__(
        self,
        nodes: Iterable[Node],
        values: Mapping[Node, Array],
        shared: Shared,
        turned: bool,
        given: Collection[Node] = (),
        with_rules: bool = True,
    ) -> None:
        """given: computed tables whose numbers are given on this page. with_rules: whether the page computes others."""
        self._given, self._with_rules = given, with_rules
        self._values, self.shared, self._turned = values, shared, turned
        self.nodes = [node for node in nodes if node.name]
        self._named = {node.name: n for n, node in enumerate(self.nodes)}
        self._views = Numbered()

    def named(self, node: Node) -> int | None:
        """Return the number of a named table; None for another."""
        return self._named.get(node.name) if node.name else None

    def number(self, node: Node) -> int:
        """Return the number of a table that the page shows, named or a view."""
        known = self.named(node)
        if known is not None:
            return known
        if node not in self._views:
            self._views[node] = len(self.nodes)
            self.nodes.append(node)
        return self._views[node]

    def _labels(self, node: Node, axis: int) -> Any:
        """Return where the words of an axis come from; None for none.

        That is a vocabulary, or of a text its ids, its vocabulary, and 1 if a word may be missing.
        """
        of = node.shape[axis].labels
        if isinstance(of, Labels):
            return self.shared.vocabulary(of)
        if isinstance(of, Typed):
            return self.shared.vocabularies.of((of.what, of.words))
        if isinstance(of, Pieces):
            return self.shared.pieces(of, self.number)
        if isinstance(of, Tokens):
            return [self.number(of.ids), self.shared.vocabulary(of.vocabulary), int(of.optional)]
        return None

    def rules(self) -> list[str]:
        """Return the function of each table's cells; null for given numbers."""
        return [rule(n, self.named) if self._has_rule(n) else "null" for n in self.nodes]

    def changed_rules(self, changed: Mapping[Node, Node]) -> list[str]:
        """Return the rules of the tables that wrong ones replace, where they differ: [number,(i,j)=>...]."""
        found = {}
        for right, wrong in changed.items():
            n = self.named(right)
            if n is None or self._size(wrong, {}) > MOST_NODES:
                continue
            if (text := rule(wrong, self.named)) != rule(right, self.named):
                found[n] = f"[{n},{text}]"
        return list(found.values())

    def _size(self, node: Node, sizes: dict[Node, int]) -> int:
        """Return how many operations the rule of a table has, which repeats what it reads without a number."""
        for each in toposort([node]):
            read = (a for a in each.args if self.named(a) is None)
            sizes[each] = min(MOST_NODES + 1, 1 + sum(sizes[a] for a in read))
        return sizes[node]

    def forms(self) -> list[str]:
        """Return the function of each table's cells to their formula; null for given numbers and views."""
        return [self.shared.forms.of(n, self.named) if n.name and self._has_rule(n) else "null" for n in self.nodes]

    def _is_given(self, node: Node) -> bool:
        return node.data is not None or node in self._given

    def _has_rule(self, node: Node) -> bool:
        return not self._is_given(node) and (self._with_rules or not node.name)

    def records(self) -> list[dict[str, Any]]:
        """Return what the page knows of each table, besides its rule; labels may bring further tables."""
        return [self._record(node) for node in self.nodes]

    def _before(self, node: Node) -> Node | None:
        """Return the weight that an updated one replaces, if its name says which."""
        n = self._named.get(re.sub(r"^(step\d+\.)?updated\.", "", node.name)) if node.look is Look.UPDATED else None
        before = node if n is None else self.nodes[n]
        return before if before is not node and before.shape == node.shape else None

    def _record(self, node: Node) -> dict[str, Any]:
        reads = _reads(node)
        record: dict[str, Any] = {
            "name": node.name,
            "rows": int(node.shape[0]),
            "columns": int(node.shape[1]),
            "labels": [self._labels(node, axis) for axis in (0, 1)],
            "reads": sorted({number for a in reads if (number := self.named(a)) is not None}),
        }
        if self._is_given(node):
            record["data"] = packed(self._values[node] if node in self._values or node.data is None else node.data)
        if not node.name:
            return record
        record |= {
            "symbol": self.shared.symbols.of(symbol(node)),
            "look": str(node.look),
            "about": meaning(node, symbol(node)),
        }
        called = {a: symbol_from(a, node) for a in reads}
        calls = {self.named(a): self.shared.symbols.of(text) for a, text in called.items() if text != symbol(a)}
        spelled = spelling(node)
        if isinstance(spelled, Typed):
            record["spell"] = self.shared.vocabularies.of((spelled.what, spelled.words))
        elif spelled:
            record["spell"] = self.shared.pieces(spelled, self.number)
        step = next((s for s in node.scope.outward if s.equation or s.source), None)
        record |= {"calls": calls} if calls else {}
        record |= {"step": self.shared.step(step, self._turned)} if step else {}
        before = self._before(node)
        record |= {"before": self.number(before)} if before else {}
        return record | ({"role": str(node.role)} if node.role else {})


def _reads(node: Node) -> list[Node]:
    """Return the named tables that a table's rule reads, each once."""
    found: dict[Node, None] = {}
    todo = list(node.args)
    while todo:
        argument = todo.pop(0)
        if argument.name:
            found.setdefault(argument)
        else:
            todo = [*argument.args, *todo]
    return list(found)


def packed(values: Array) -> Any:
    """Return numbers for JSON: a list, or their bytes in base 64 (of single precision, if that is exact)."""
    flat = np.ascontiguousarray(values, dtype="<f8").ravel()
    texts = [in_full(float(x)) for x in flat]
    single = flat.astype("<f4")
    exact = bool((single.astype("<f8") == flat).all())
    kind, data = ("f4", single.tobytes()) if exact else ("f8", flat.tobytes())
    if sum(map(len, texts)) + len(texts) <= len(data) * 4 // 3 + 16:
        return [float(x) if "." in t or "e" in t else int(t) for x, t in zip(flat, texts, strict=True)]
    return {kind: b64encode(data).decode()}
