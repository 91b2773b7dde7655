"""A paged cache (Kwon et al. 2023): keys and values in blocks anywhere in memory, which a block table finds again."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels
from byhand.core.ops import below, greater, int_, lookup, maximum, stretch, where
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture, Graph, Inputs, words
from byhand.language.options import option
from byhand.language.parts import given_table
from byhand.layers.attention import attend, attention_equations
from byhand.layers.paging import block_tables, place_of, written


@dataclass(frozen=True)
class Options:
    """Two texts of `tokens` words begin with the same `shared` ones. block: words in one. reserved: see `memory`."""

    tokens: int = 4
    shared: int = option(2, zero="none")
    block: int = 2
    d_k: int = 2
    reserved: int = 8

    @property
    def whole(self) -> int:
        """The blocks that both texts have: those full of shared words."""
        return self.shared // self.block

    @property
    def blocks(self) -> int:
        """The blocks of one text."""
        return -(-self.tokens // self.block)

    def check(self) -> None:
        if self.shared > self.tokens or self.reserved < self.tokens:
            raise ByhandError(
                f"Of {self.tokens} words, at most {self.tokens} are shared, and at least {self.tokens} places are "
                f"reserved, not {self.shared} and {self.reserved}: choose other sizes."
            )


def both_texts(name: str, o: Options, weight: Weights) -> Node:
    """Return the keys or the values of both texts, one below the other; the shared words' are equal. (2 T, d)"""
    first = given_table(f"{name}_1", weight, Dim(o.tokens, words("words", o.tokens)), o.d_k).with_role("given")
    own = o.tokens - o.shared
    if not own:
        return below(first, first)
    other = given_table(f"{name}_2", weight, own, o.d_k).with_role("given")
    return below(first, first.rows(0, o.shared), other) if o.shared else below(first, other)


def memory(o: Options) -> Node:
    """Return the share of places that hold a word: in one piece each text has `reserved` places from the start."""
    counts = [[2 * o.reserved, 2 * o.tokens], [(2 * o.blocks - o.whole) * o.block, 2 * o.tokens - o.whole * o.block]]
    with page("", "Memory", equation="words / places"):
        ways, columns = Labels("ways", ("one piece", "in blocks")), Labels("counted", ("places", "words"))
        table = source("counts", counts, "given", ways, columns)
        return (table.columns(1, 2) / table.columns(0, 1)).named("used", role="result")


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    o.check()
    tables = block_tables(o.blocks, o.whole, weight.seed)
    count = (2 * o.blocks - o.whole) * o.block
    places = Labels("places", tuple(f"place {n}" for n in range(count)))
    with page("", "Memory in blocks"):
        holds = source("holds", written(tables, o.tokens, o.block, o.whole), "given", places)
        k, v = (both_texts(name, o, weight) for name in "KV")
        cache = [
            where(greater(holds, -0.5), lookup(both, int_(maximum(holds, 0))), 0).named(f"{name}_cache")
            for name, both in zip("KV", (k, v), strict=True)
        ]
    outputs = list[Node]()
    for n, blocks in enumerate(tables):
        with page(f"text{n + 1}", f"Text {n + 1}", **attention_equations(False)):
            place = place_of(blocks, o.block, Dim(o.tokens, words("words", o.tokens)))
            q = given_table("q", weight, 1, o.d_k).with_role("given")
            keys, values = (
                stretch(lookup(table, int_(place)), rows=place.shape[0], columns=o.d_k).named(name)
                for name, table in zip("KV", cache, strict=True)
            )
            z = attend(q, keys, values, None)
            with scope("", "beside one piece", equation="K − K in one piece: 0", below=True):
                found = keys - k.rows(n * o.tokens, (n + 1) * o.tokens)
                outputs += [z.with_role("result"), found.named("difference")]
    return Graph([*outputs, memory(o)])


ARCHITECTURE = Architecture(
    name="paged-cache",
    title="Paged cache",
    family="inference",
    source="Kwon et al. 2023",
    about="keys and values in blocks that two texts share, found by a block table",
    options=Options(),
    build=build,
    sizes={
        "small": {},
        "medium": {"tokens": 5, "shared": 3},
        "large": {"tokens": 8, "shared": 5, "block": 4, "d_k": 4, "reserved": 16},
    },
    seed=1,
)
