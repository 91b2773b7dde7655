"""GPT-J as Hugging Face transformers stores it."""

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
from byhand.checkpoints.folder import Config, Tensors
from byhand.checkpoints.rotary import share_of
from byhand.language.options import Options
from byhand.models.decoder import gpt_j


def gptj_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' GPTJConfig."""
    d = config.size("n_embd", 4096)
    heads = config.heads("n_head", 16, "n_embd", d)
    return replace(
        gpt_j.GPT_J,
        vocab=config.size("vocab_size", 50400),
        max_positions=config.size("n_positions", 2048),
        d_model=d,
        heads=heads,
        layers=config.size("n_layer", 28),
        d_ff=config.size_or_null("n_inner", 4 * d),
        activation=config.choice("activation_function", "gelu_new", ACTIVATIONS),
        rotary_share=share_of("rotary_dim", config.size("rotary_dim", 64), d // heads),
        tied=config.flag("tie_word_embeddings", False),
        eps=config.epsilon("layer_norm_epsilon", 1e-5),
    )


def gptj_config(o: Options) -> dict[str, Any]:
    """Return the keys of a GPTJConfig."""
    return {
        "architectures": ["GPTJForCausalLM"],
        "vocab_size": o.vocab,
        "n_positions": o.max_positions,
        "n_embd": o.d_model,
        "n_head": o.heads,
        "n_layer": o.layers,
        "n_inner": o.d_ff,
        "activation_function": THEIRS.get(o.activation),
        "rotary_dim": o.turning_share,
        "tie_word_embeddings": o.tied,
        "layer_norm_epsilon": o.eps,
        **NO_TOKENS,
    }


def gptj_pieces(o: Options) -> Pieces:
    """Yield the weights; the heads are below each other in q_proj, k_proj and v_proj."""
    d = o.d_model
    yield "E", Piece("transformer.wte.weight", (o.vocab, d))
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"transformer.h.{n}"
        yield from norm(f"{ours}norm1", f"{theirs}.ln_1", d)
        yield from separate_heads(ours, f"{theirs}.attn", d, o.heads, bias=False)
        yield from linear(ours, "O", f"{theirs}.attn.out_proj", d, d, bias=False)
        yield from linear(ours, "1", f"{theirs}.mlp.fc_in", d, o.d_ff)
        yield from linear(ours, "2", f"{theirs}.mlp.fc_out", o.d_ff, d)
    yield from norm("final_norm", "transformer.ln_f", d)
    if not o.tied:
        yield "W_vocab", Piece("lm_head.weight", (o.vocab, d), transposed=True)
    yield "b_vocab", Piece("lm_head.bias", (o.vocab,))


FAMILIES = {
    "gptj": Family(
        gpt_j.ARCHITECTURE,
        gptj_options,
        gptj_pieces,
        one_vocabulary,
        body=("transformer.h.", "h."),
        config=gptj_config,
        buffers=(".attn.bias", ".attn.masked_bias", ".attn.embed_positions"),
        also={
            "n_embd": "hidden_size",
            "n_head": "num_attention_heads",
            "n_layer": "num_hidden_layers",
            "n_positions": "max_position_embeddings",
        },
        ends=DECODER_ENDS,
        spellings=(("transformer.", ""),),
        tied=(("lm_head.weight", "transformer.wte.weight"),),
    )
}
