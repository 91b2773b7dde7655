"""A table's formula in letters, as its caption shows it: Q = x · W_Q + b_Q."""

from __future__ import annotations

import re
from collections.abc import Callable

from byhand.core import ops
from byhand.core.graph import Node, Scope, times
from byhand.core.roles import Look, Role
from byhand.notation.text import text
from byhand.notation.tree import Maths, Name
from byhand.translations import _

SYMBOLS = {
    "neg_inf": "−∞",
    "eps": "ε",
    "gamma": "γ",
    "beta": "β",
    "two_i": "2i",
    "causal_mask": "mask",
    "window_mask": "mask",
    "strided_mask": "mask",
    "mean_square": "mean of squares",
    "slope": "m",
    "probabilities": "p",
    "learning_rate": "lr",
    "adam_eps": "ε",
    "alpha": "α",
    "epsilon": "ε",
    "sigma": "σ",
    "beta1": "β₁",
    "beta2": "β₂",
    "momentum": "μ",
    "weight_decay": "λ",
    "label_smoothing": "ε",
    "m_hat": "m̂",
    "v_hat": "v̂",
    "log_p": "ln p",
    "bias_u": "u",
    "bias_v": "v",
    "phi": "φ",
    "phi_Q": "φ(Q)",
    "phi_K": "φ(K)",
    "omega": "ω",
    "Abar": "A\u0304",
    "Bbar": "B\u0304",
}

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def symbol(node: Node) -> str:
    """Return a table's symbol in captions: the last part of its name, or the paper's letter for it, with its number."""
    stem, number = node.symbol.rpartition("_")[::2]
    numbered = f"{SYMBOLS.get(stem, stem)}_{number}" if number.isdigit() else node.symbol
    letter = _(SYMBOLS[node.symbol]) if node.symbol in SYMBOLS else numbered
    if node.role.traits.look is Look.GRADIENT:
        return f"∂{letter}"
    return f"{letter}{_primes(node)}" if node.role is Role.UPDATED else letter


def _primes(node: Node) -> str:
    """Return one prime for each training step of the weight; from four on, the number of steps."""
    step = re.match(r"step(\d+)", node.name)
    count = int(step[1]) if step else 1
    return "′″‴"[count - 1] if count < 4 else f"⁽{str(count).translate(SUPERSCRIPTS)}⁾"


def symbol_from(node: Node, reader: Node) -> str:
    """Return a table's symbol for a reader elsewhere: with the part of its path that the two do not share.

    On one page too, where the reader reads two tables of the same symbol: head1.Z and head2.Z.
    """
    here, there = _place(reader), _place(node)
    if node.op.given or node.role is Role.UPDATED:
        return symbol(node)
    if node.page is reader.page and not _has_namesake(node, reader):
        return symbol(node)
    shared = 0
    while shared < min(len(here), len(there)) and here[shared] == there[shared]:
        shared += 1
    return ".".join([*there[shared:], symbol(node)])


def _has_namesake(node: Node, reader: Node) -> bool:
    """Return whether the reader reads another computed table of this page that has the same symbol."""
    todo = list(reader.args)
    while todo:
        other = todo.pop()
        if not other.name:
            todo += other.args
        elif other is not node and _is_computed_on(node.page, other) and symbol(other) == symbol(node):
            return True
    return False


def _is_computed_on(page: Scope | None, node: Node) -> bool:
    return not node.op.given and node.page is page


def _place(node: Node) -> list[str]:
    """Return the path of the underlying table: grad.layer1.Q and step2.layer1.Q are about layer1.Q."""
    return [part for part in node.name.split(".")[:-1] if not re.fullmatch(r"grad|share|updated|step\d+", part)]


def defined_name(node: Node) -> str:
    """Return the table's defined name in the workbook: its path, after `table.` if it reads as a cell's address."""
    is_reserved = re.fullmatch(r"[A-Za-z]{1,3}[0-9]{1,7}|[RrCc]|[RrCc][0-9]*([RrCc][0-9]*)?", node.name)
    name = f"table.{node.name}" if is_reserved else node.name
    return re.sub(r"[^\w.]", "_", name)


def titles(scope: Scope) -> list[str]:
    """Return a page's place in the model, in words: Encoder, Layer 1, Head 2."""
    return [title(s) for s in reversed(scope.outward) if s.title and (s.page or not s.equation)]


def title(scope: Scope) -> str:
    """Return the title of a page or a step, in the language that is written now; a number at its end stays."""
    words = scope.title.rstrip("0123456789")
    return f"{_(words.rstrip())}{scope.title[len(words.rstrip()) :]}"


def equation(scope: Scope, turned: bool) -> str:
    """Return the formula of a step in the language that is written now, for tokens as rows or (turned) as columns."""
    formula = scope.equation_as(turned)
    return _(formula) if in_words(formula) else formula


def in_words(formula: str) -> bool:
    """Return whether there are words of a language in a formula, such as: 1 for the largest, E[word]."""
    return not WORDS.isdisjoint(re.findall("[a-z]+", formula))


WORDS = frozenset(
    "above after ago by chosen column each else experts far first for its largest neighbours of often on over place"
    " position smallest so sorted steps the together turn where word words".split()
)
"""Words of formulas that are no names of tables or functions."""


def opened(title: str) -> str:
    """Return the title with its first letter as a capital."""
    return title[:1].upper() + title[1:]


def origin(there: Scope, here: Scope) -> str:
    """Return another page's place for a reader on this page: without the part that the two share."""
    far, near = titles(there), titles(here)
    while len(far) > 1 and near and far[0] == near[0]:
        far, near = far[1:], near[1:]
    return " · ".join(far)


def letters(node: Node, call: Callable[[Node], str], turned: bool) -> str:
    """Return a table's formula as text."""
    return text(rule(node, lambda n: Name(call(n)), turned))


def rule(node: Node, call: Callable[[Node], Maths], turned: bool = False) -> Maths:
    """Return a table's formula over the named tables that it reads. turned: tokens are columns, a product is W · x."""
    parts = [call(a) if a.name else rule(a, call, turned) for a in node.args]
    maths = (node.op.column_maths if turned else None) or node.op.maths
    return maths(*parts, **node.attrs)


def shapes(node: Node, turned: bool) -> str:
    """Return the shapes of a product, (3×4)·(4×2) → (3×2), or a table's own shape."""
    product = next((n for n in _unnamed(node) if n.op is ops.matmul), None)
    if product is None:
        return times(_shown(node, turned))
    factors = [f"({times(_shown(a, turned))})" for a in product.args]
    if turned:
        factors.reverse()
    return f"{'·'.join(factors)} → ({times(_shown(node, turned))})"


def _unnamed(node: Node) -> list[Node]:
    """Return the node and the unnamed nodes in its formula."""
    nodes = [node]
    for a in node.args:
        if not a.name:
            nodes += _unnamed(a)
    return nodes


def _shown(node: Node, turned: bool) -> tuple[int, int]:
    return (node.shape[1], node.shape[0]) if turned else node.shape
