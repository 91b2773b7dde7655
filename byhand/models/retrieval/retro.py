"""RETRO (Borgeaud et al. 2022): chunks of the words so far retrieve neighbours from a database, and read them.

Simpler than the paper: every layer of the decoder reads the neighbours (theirs: every third), fixed embeddings stand
for its frozen BERT, and relative positions are a learned number for each distance.
"""

from dataclasses import replace

from byhand.core.graph import Dim, Node, page, scope
from byhand.core.labels import Labels, token_ids
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs, Vocabularies, example_ids, one_vocabulary
from byhand.language.blocks import attention_sublayer, feed_sublayer, position_info
from byhand.language.chunked_attention import (
    chunked_cross_attention,
    encode_neighbours,
    encoder_position_info,
    readers_of,
)
from byhand.language.decoder_only import decoder_only, embedding, predict
from byhand.language.generation import write_words
from byhand.language.neighbours import Chunk, Database, chunk_of, database, neighbours_read
from byhand.language.options import Options, variant

PAPER = "Borgeaud et al. 2022"


RETRO = variant(
    Options(attention_bias=False, join_bias=False),
    without="parallel embedding_norm",
    d_ff=4,
    heads=1,
    positions="relative",
    norm="rms",
    activation="gelu",
    tied=False,
    encoder_layers=1,
    chunk=2,
    neighbours=2,
    database=4,
    d_key=2,
)
"""chunk: its length. neighbours: of each chunk. database: its entries, with keys of d_key numbers."""


def forward(
    ids: Node, vocabulary: Labels, store: Database, weight: Weights, o: Options, shown: list[Node]
) -> tuple[Node, Node, Node]:
    """Return the logits and probabilities of the word after each, and the next word. (T, 1) -> 2 (T, V), (1, 1)

    Adds to `shown` the words that read each chunk's neighbours.
    """
    with page("", "Input"):
        table = weight("E", Dim(o.vocab, vocabulary), o.d_model)
        x = embedding(table, ids, weight, o, "P")
    own, chunks, memories = position_info(ids.shape[0], weight, o), list[Chunk](), list[Node]()
    readers: list[Node] = []
    for u in range(1, int(ids.shape[0]) // o.chunk + 1):
        with page(f"chunk{u}", f"Chunk {u}", source=f"{PAPER}, section 2.3"):
            chunks.append(chunk_of(ids.rows((u - 1) * o.chunk, u * o.chunk), store, vocabulary, neighbours_read(o)))
            readers.append(readers_of(ids, u, vocabulary, o))
    for layer in range(1, o.layers + 1):
        with scope(f"layer{layer}", f"Layer {layer}"), scope("self", "Self"):
            x = attention_sublayer(x, None, own, weight, o, 1, layer)
        if chunks and not memories:
            with scope("encoder", "Encoder"):
                info = encoder_position_info(weight, o)
                for u, chunk in enumerate(chunks, 1):
                    with scope(f"chunk{u}", f"Chunk {u}", repeats=True):
                        h = x.rows((u - 1) * o.chunk, u * o.chunk)
                        memories.append(encode_neighbours(chunk, h, table, info, weight, o))
        with scope(f"layer{layer}", f"Layer {layer}"):
            if memories:
                with scope("cca", "Neighbours"):
                    x = chunked_cross_attention(x, memories, readers, weight, o, layer)
            x = feed_sublayer(x, weight, o, 3)
    shown += readers
    with page("", "Output"):
        return predict(x, table, vocabulary, weight, o)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = one_vocabulary) -> Graph:
    o.check()
    (vocabulary,) = vocabularies(o)
    room = o.max_positions - inputs.generate + 1 if o.positions == "learned" else None
    o = replace(o, max_positions=max(o.max_positions, 2 * o.chunk))
    ids = token_ids("ids", inputs.ids or example_ids([0, 1, 4, 6, 3], o.vocab, room), vocabulary)
    store = database(o.vocab, o.database, 2 * o.chunk, o.d_key, weight.seed, vocabulary)
    shown: list[Node] = []
    graph = write_words(lambda ids: forward(ids, vocabulary, store, weight, o, shown), ids, vocabulary, inputs)
    return replace(graph, outputs=[*graph.outputs, *shown])


ARCHITECTURE = decoder_only(
    name="retro",
    title="RETRO",
    family="experts and memory",
    source=PAPER,
    about="each chunk of words finds its nearest neighbours; the next reads them",
    options=RETRO,
    build=build,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "d_ff": 8, "database": 6, "vocab": 10},
        "large": {"d_model": 8, "d_ff": 16, "database": 8, "layers": 2, "vocab": 12, "max_positions": 12, "chunk": 3},
    },
    seed=1076,
)
