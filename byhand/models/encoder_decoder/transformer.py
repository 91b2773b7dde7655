"""The transformer (Vaswani et al. 2017, figure 1): an encoder reads a sentence, a decoder writes its translation."""

from dataclasses import replace

from byhand.core.graph import Node, page, scope
from byhand.core.labels import Labels
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, words
from byhand.language.blocks import PositionInfo, attention_sublayer, feed_sublayer, norm, position_info
from byhand.language.decoder_only import embedding
from byhand.language.generation import word_logits
from byhand.language.options import Options, variant
from byhand.language.translation import translate

TRANSFORMER = variant(
    Options(attention_bias=False, join_bias=False),
    without="layers parallel embedding_norm logit_cap",
    target_vocab=8,
    encoder_layers=1,
    decoder_layers=1,
    positions="sinusoidal",
    activation="relu",
    norm_place="post",
    final_norms=False,
    shared_embeddings=True,
    scale_embedding=True,
    output_bias=False,
)
"""The differences from GPT-2. attention: of the decoder's self-attention."""


def encoder(x: Node, mask: Node, weight: Weights, o: Options) -> Node:
    """Return the encoder's memory of the sentence; every layer sees all words. (S, d) -> (S, d)"""
    o = replace(o, attention="full", layers=o.encoder_layers)
    info = position_info(x.shape[0], weight, o, mask)
    for layer in range(1, o.encoder_layers + 1):
        with scope(f"layer{layer}", f"Layer {layer}"):
            x = attention_sublayer(x, None, info, weight, o, 1)
            x = feed_sublayer(x, weight, o, 2)
    with page("", "Final norm"):
        return norm(x, weight, "final_norm", o) if o.final_norms else x


def decoder(x: Node, memory: Node, memory_mask: Node, weight: Weights, o: Options) -> Node:
    """Return the decoder's output; each layer attends to its words and to the memory. (T, d), (S, d) -> (T, d)"""
    own = position_info(x.shape[0], weight, replace(o, layers=o.decoder_layers))
    for layer in range(1, o.decoder_layers + 1):
        across = PositionInfo({o.kind(layer): memory_mask})
        with scope(f"layer{layer}", f"Layer {layer}"):
            with scope("self", "Self"):
                x = attention_sublayer(x, None, own, weight, o, 1, layer)
            with scope("cross", "Cross"):
                x = attention_sublayer(x, memory, across, weight, o, 2, layer)
            x = feed_sublayer(x, weight, o, 3)
    with page("", "Final norm"):
        return norm(x, weight, "final_norm", o) if o.final_norms else x


def output(x: Node, table: Node, weight: Weights, o: Options) -> Node:
    """Return the logits of the decoder's output (section 3.4). (T, d), (V, d) -> (T, V)"""
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
    options=TRANSFORMER,
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
