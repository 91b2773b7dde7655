"""A family of checkpoints: how its config becomes our options, and where our weights are in its tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from byhand.checkpoints.folder import Config, Tensors
from byhand.core.graph import Array
from byhand.core.labels import Labels
from byhand.language.architecture import Architecture, numbered_words

ACTIVATIONS = {
    "relu": "relu",
    "relu2": "relu_squared",
    "silu": "silu",
    "swish": "silu",
    "quick_gelu": "gelu_quick",
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_accurate": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_python_tanh": "gelu_tanh",
}
"""The activations of transformers -> their names in layers.ACTIVATIONS."""


THEIRS = {
    "relu": "relu",
    "relu_squared": "relu2",
    "silu": "silu",
    "gelu": "gelu",
    "gelu_quick": "quick_gelu",
    "gelu_tanh": "gelu_new",
}
"""Our names of activations -> those that a saved config has."""

NO_TOKENS = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"))
"""No word is special: transformers' defaults may be outside the vocabulary, or end a text at one of its words."""


@dataclass(frozen=True)
class Piece:
    """The place of one of our weights in the checkpoint.

    tensor, shape: the checkpoint's name and shape for it; a vector counts as one row. rows, columns: which part of
    the tensor, as it is stored, is ours. transposed: whether that part is turned to be ours. table: the rows and
    columns of a tensor that is stored with more axes.
    """

    tensor: str
    shape: tuple[int, ...]
    rows: slice = field(default_factory=lambda: slice(None))
    columns: slice = field(default_factory=lambda: slice(None))
    transposed: bool = False
    table: tuple[int, int] | None = None

    def of(self, tensor: Array) -> Array:
        """Return our weight as a view of the whole tensor."""
        part = np.atleast_2d(tensor if self.table is None else tensor.reshape(self.table))[self.rows, self.columns]
        return part.T if self.transposed else part


Pieces = Iterator[tuple[str, Piece]]


@dataclass(frozen=True)
class Family:
    """The checkpoints of one `model_type`.

    options: ours, from the config. pieces: of each weight, from the options. vocabularies: numbered words. config: the
    keys of config.json, from our options; None for a family that is not written.
    body: how the names of tensors begin among which every one must have a place, or end as one of the `buffers`.
    also: second names of keys of the config. spellings: pairs (text, replacement) for tensors that some files name
    otherwise. tied: pairs (copy, original) of tensors that are one where the embeddings are tied. copies: such pairs
    that are one in any case. zeros: those that are 0 where the files lack them. form: from the tensors, another
    `model_type` of the index whose layout they have; empty for this one.
    ends: other endings than words (see language.endings) -> their weights, as {ours: theirs}. pooler: the activation
    of the weight `pool` there. base: the architecture of the model without its decoder, and unread: how the paths of
    weights begin that it does not have.
    """

    architecture: Architecture
    options: Callable[[Config, Tensors], Any]
    pieces: Callable[[Any], Pieces]
    vocabularies: Callable[[Any], tuple[Labels, ...]]
    body: tuple[str, ...]
    config: Callable[[Any], dict[str, Any]] | None = None
    buffers: tuple[str, ...] = ()
    also: Mapping[str, str] = field(default_factory=dict)
    spellings: tuple[tuple[str, str], ...] = ()
    tied: tuple[tuple[str, str], ...] = ()
    copies: tuple[tuple[str, str], ...] = ()
    zeros: tuple[str, ...] = ()
    form: Callable[[Tensors], str] | None = None
    ends: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    pooler: str = "tanh"
    base: Architecture | None = None
    unread: tuple[str, ...] = ()

    def spelled(self, tensor: str) -> list[str]:
        """Return the names that a tensor may have in a file."""
        names = [tensor]
        for text, other in self.spellings:
            names += [name.replace(text, other) for name in names if text in name]
        return names


def norm(path: str, theirs: str, d: int) -> Pieces:
    yield f"{path}.gamma", Piece(f"{theirs}.weight", (d,))
    yield f"{path}.beta", Piece(f"{theirs}.bias", (d,))


def gain(path: str, theirs: str, d: int) -> tuple[str, Piece]:
    """Yield the one weight of an RMS norm."""
    return f"{path}.gamma", Piece(f"{theirs}.weight", (d,))


def linear(path: str, name: str, theirs: str, ins: int, outs: int, bias: bool = True) -> Pieces:
    """Yield a linear layer, stored as (out, in) like torch.nn.Linear."""
    yield f"{path}W_{name}", Piece(f"{theirs}.weight", (outs, ins), transposed=True)
    if bias:
        yield f"{path}b_{name}", Piece(f"{theirs}.bias", (outs,))


def conv1d(path: str, name: str, theirs: str, ins: int, outs: int) -> Pieces:
    """Yield a linear layer, stored as (in, out) like GPT-2's Conv1D."""
    yield f"{path}W_{name}", Piece(f"{theirs}.weight", (ins, outs))
    yield f"{path}b_{name}", Piece(f"{theirs}.bias", (outs,))


def stacked_heads(d: int, heads: int) -> Iterator[tuple[str, str, slice]]:
    """Yield (head, letter, its features) of each q, k and v, where all q, then all k and all v share one tensor."""
    for h, (place, letter) in product(range(heads), enumerate("QKV")):
        start = place * d + h * (d // heads)
        yield f"head{h + 1}", letter, slice(start, start + d // heads)


PROJECTIONS = ("q_proj", "k_proj", "v_proj")
WHOLE_WORDS = ("query", "key", "value")
"""How families call the modules of queries, keys and values: most of them, and BERT's."""


def separate_heads(
    path: str,
    theirs: str,
    d: int,
    heads: int,
    names: Iterable[str] = PROJECTIONS,
    bias: bool = True,
    width: int | None = None,
) -> Pieces:
    """Yield q, k and v of each head, where each of the three has a tensor with its heads below each other.

    names: of the three modules. width: of all heads together, if it is not d.
    """
    width = width or d
    d_k = width // heads
    for h, (letter, name) in product(range(heads), list(zip("QKV", names, strict=True))):
        module, part = f"{theirs}.{name}", slice(h * d_k, (h + 1) * d_k)
        yield f"{path}head{h + 1}.W_{letter}", Piece(f"{module}.weight", (width, d), rows=part, transposed=True)
        if bias:
            yield f"{path}head{h + 1}.b_{letter}", Piece(f"{module}.bias", (width,), columns=part)


def fused_heads(path: str, theirs: str, d: int, heads: int, bias: bool = True) -> Pieces:
    """Yield q, k and v of each head, which are stacked in one tensor, head by head."""
    d_k = d // heads
    for h, (place, letter) in product(range(heads), enumerate("QKV")):
        part = slice((3 * h + place) * d_k, (3 * h + place + 1) * d_k)
        yield f"{path}head{h + 1}.W_{letter}", Piece(f"{theirs}.weight", (3 * d, d), rows=part, transposed=True)
        if bias:
            yield f"{path}head{h + 1}.b_{letter}", Piece(f"{theirs}.bias", (3 * d,), columns=part)


DECODER_ENDS: dict[str, dict[str, str]] = {
    "table": {},
    "classes": {"class": "score"},
    "tags": {"class": "score"},
    "span": {"span": "qa_outputs"},
}
"""The endings of a decoder, and their weights."""


def one_vocabulary(o: Any) -> tuple[Labels, ...]:
    """Return numbered words, as many as the options' `vocab`."""
    return (numbered_words("vocabulary", o.vocab),)
