"""GPT-Neo as Hugging Face transformers stores it: an open model of GPT-3's kind, whose scores are not divided."""

from dataclasses import replace
from typing import Any

from byhand.checkpoints.family import (
    ACTIVATIONS,
    DECODER_ENDS,
    NO_TOKENS,
    THEIRS,
    Family,
    Piece,
    Pieces,
    linear,
    norm,
    one_vocabulary,
    separate_heads,
)
from byhand.checkpoints.folder import Config, Tensors, brief
from byhand.checkpoints.llama import MOST_LAYERS
from byhand.errors import ByhandError
from byhand.language.options import Options
from byhand.models.decoder import gpt3

KINDS = {"global": "causal", "local": "window"}


def layer_kinds(config: Config, layers: int) -> tuple[str, ...]:
    """Return the attention of each layer, from `attention_types`: [[kinds, how often], ...]."""
    said, kinds = config.get("attention_types", [[["global", "local"], 12]]), list[str]()
    for entry in said if isinstance(said, list) else [said]:
        match entry:
            case [list(names), int(times)] if 0 <= times * len(names) <= MOST_LAYERS:
                one = [Config({"attention_types": name}, {}).choice("attention_types", "", KINDS) for name in names]
                kinds += one * times
            case _:
                raise ByhandError(
                    f'attention_types in config.json must be like [[["global"], 12]], not {brief(said)}; mend it.'
                )
    if len(kinds) != layers:
        raise ByhandError(
            f"attention_types in config.json name {len(kinds)} layers, but num_layers = {brief(layers)}; mend it."
        )
    return tuple(kinds)


def gpt_neo_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' GPTNeoConfig."""
    d, layers = config.size("hidden_size", 2048), config.size("num_layers", 24)
    return replace(
        gpt3.GPT3,
        vocab=config.size("vocab_size", 50257),
        max_positions=config.size("max_position_embeddings", 2048),
        d_model=d,
        heads=config.heads("num_heads", 16, "hidden_size", d),
        layers=layers,
        d_ff=config.size_or_null("intermediate_size", 4 * d),
        activation=config.choice("activation_function", "gelu_new", ACTIVATIONS),
        window=config.size("window_size", 256),
        layer_kinds=layer_kinds(config, layers),
        score_scale=1.0,
        attention_bias=False,
        tied=config.flag("tie_word_embeddings", True),
        eps=config.epsilon("layer_norm_epsilon", 1e-5),
    )


def gpt_neo_config(o: Options) -> dict[str, Any]:
    """Return the keys of a GPTNeoConfig."""
    theirs = {ours: name for name, ours in KINDS.items()}
    kinds = [o.kind(n) for n in range(1, o.layers + 1)]
    return {
        "architectures": ["GPTNeoForCausalLM"],
        "vocab_size": o.vocab,
        "max_position_embeddings": o.max_positions,
        "hidden_size": o.d_model,
        "num_heads": o.heads,
        "num_layers": o.layers,
        "intermediate_size": o.d_ff,
        "activation_function": THEIRS.get(o.activation),
        "attention_types": [[[theirs.get(kind, kind)], 1] for kind in kinds],
        "window_size": o.window,
        "tie_word_embeddings": o.tied,
        "layer_norm_epsilon": o.eps,
        **NO_TOKENS,
    }


def gpt_neo_pieces(o: Options) -> Pieces:
    """Yield the weights; the heads are below each other in q_proj, k_proj and v_proj."""
    d = o.d_model
    yield "wte", Piece("transformer.wte.weight", (o.vocab, d))
    yield "wpe", Piece("transformer.wpe.weight", (o.max_positions, d))
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"transformer.h.{n}"
        yield from norm(f"{ours}norm1", f"{theirs}.ln_1", d)
        yield from separate_heads(ours, f"{theirs}.attn.attention", d, o.heads, bias=False)
        yield from linear(ours, "O", f"{theirs}.attn.attention.out_proj", d, d)
        yield from norm(f"{ours}norm2", f"{theirs}.ln_2", d)
        yield from linear(ours, "1", f"{theirs}.mlp.c_fc", d, o.d_ff)
        yield from linear(ours, "2", f"{theirs}.mlp.c_proj", o.d_ff, d)
    yield from norm("final_norm", "transformer.ln_f", d)
    if not o.tied:
        yield "W_vocab", Piece("lm_head.weight", (o.vocab, d), transposed=True)


FAMILIES = {
    "gpt_neo": Family(
        gpt3.ARCHITECTURE,
        gpt_neo_options,
        gpt_neo_pieces,
        one_vocabulary,
        body=("transformer.h.", "h."),
        config=gpt_neo_config,
        buffers=(".attn.attention.bias", ".attn.attention.masked_bias"),
        also={"num_layers": "num_hidden_layers", "num_heads": "num_attention_heads"},
        ends=DECODER_ENDS,
        spellings=(("transformer.", ""),),
        tied=(("lm_head.weight", "transformer.wte.weight"),),
    )
}
