"""The transformer (Vaswani et al. 2017, figure 1): an encoder reads a sentence, a decoder writes its translation."""

from dataclasses import dataclass, replace
from typing import ClassVar

from byhand.core.graph import Node, page, scope
from byhand.core.labels import Labels
from byhand.core.weights import Weights
from byhand.language import blocks
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.blocks import Places, grouped_attention, norm, normed_after, places_of, plain_feed
from byhand.language.decoder_only import embedding
from byhand.language.readout import word_logits
from byhand.language.translation import translate
from byhand.language.vocabulary import Vocabularies, words
from byhand.layers.attention import join_heads
from byhand.layers.linear import residual


@dataclass(frozen=True)
class Options(blocks.Options):
    """What is not GPT-2's. attention: of the decoder's words to each other."""

    target_vocab: int = 8
    encoder_layers: int = 1
    decoder_layers: int = 1
    positions: str = "sinusoidal"
    activation: str = "relu"
    norm_place: str = "post"
    final_norms: bool = False
    shared_embeddings: bool = True
    scale_embedding: bool = True
    attention_bias: bool = False
    join_bias: bool = False
    output_bias: bool = False

    unused: ClassVar[frozenset[str]] = frozenset({"layers", "parallel", "embedding_norm", "logit_cap"})


def attention(
    x: Node, memory: Node | None, places: Places, weight: Weights, o: Options, n: int, layer: int = 1
) -> Node:
    """norm(x + MultiHead(x, memory, memory)), of x itself where there is no memory. (T, d), (S, d) -> (T, d)"""
    with page("", "Norm"):
        y = x if o.norm_place == "post" else norm(x, weight, f"norm{n}", o)
    z = grouped_attention(y, weight, o, layer, places, memory)
    with page("", "Attention"):
        return joined(x, join_heads(z, weight, o.d_model, o.join_bias), weight, o, n)


def feed(x: Node, weight: Weights, o: Options, n: int) -> Node:
    """norm(x + FFN(x)). (T, d) -> (T, d)"""
    with page("", "Feed-forward"):
        y = x if o.norm_place == "post" else norm(x, weight, f"norm{n}", o)
        return joined(x, plain_feed(y, weight, o, 1), weight, o, n).named("output")


def joined(x: Node, change: Node, weight: Weights, o: Options, n: int) -> Node:
    """x + change, and a norm where the options say so. (T, d) -> (T, d)"""
    x = residual(x, normed_after(change, weight, n, o), f"residual{n}")
    return norm(x, weight, f"norm{n}", o) if o.norm_place == "post" else x


def encoder(x: Node, mask: Node, weight: Weights, o: Options) -> Node:
    """The sentence as the decoder reads it: every layer sees all of it. (S, d) -> (S, d)"""
    o = replace(o, attention="full", layers=o.encoder_layers)
    places = places_of(x.shape[0], weight, o, mask)
    for layer in range(1, o.encoder_layers + 1):
        with scope(f"layer{layer}", f"Layer {layer}"):
            x = attention(x, None, places, weight, o, 1)
            x = feed(x, weight, o, 2)
    with page("", "Final norm"):
        return norm(x, weight, "final_norm", o) if o.final_norms else x


def decoder(x: Node, memory: Node, memory_mask: Node, weight: Weights, o: Options) -> Node:
    """The words so far, each layer looking back at them and over to the encoder's memory. (T, d), (S, d) -> (T, d)"""
    own = places_of(x.shape[0], weight, replace(o, layers=o.decoder_layers))
    for layer in range(1, o.decoder_layers + 1):
        across = Places({o.kind(layer): memory_mask})
        with scope(f"layer{layer}", f"Layer {layer}"):
            with scope("self", "Self"):
                x = attention(x, None, own, weight, o, 1, layer)
            with scope("cross", "Cross"):
                x = attention(x, memory, across, weight, o, 2, layer)
            x = feed(x, weight, o, 3)
    with page("", "Final norm"):
        return norm(x, weight, "final_norm", o) if o.final_norms else x


def output(x: Node, table: Node, weight: Weights, o: Options) -> Node:
    """The decoder's last table to logits (section 3.4). (T, d), (V, d) -> (T, V)"""
    return word_logits(x, table, weight, o, o.output_bias)


def vocabularies(o: Options) -> tuple[Labels, ...]:
    special = ("[START]",)
    shared = words("vocabulary", o.vocab, special)
    return shared, (shared if o.shared_embeddings else words("target_vocabulary", o.target_vocab, special))


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    o.check()
    return translate(inputs, vocabularies(o), weight, o, embedding, encoder, decoder, output)


ARCHITECTURE = Architecture(
    name="transformer",
    title="The transformer",
    family="encoder-decoder",
    source="Vaswani et al. 2017",
    about="reads a sentence and writes another, word by word",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "encoder_layers": 2, "decoder_layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "encoder_layers": 2, "decoder_layers": 2, "d_ff": 16},
    },
    takes=frozenset({"ids", "target_ids", "mask", "generate"}),
    vocabularies=vocabularies,
    seed=2562,
)
