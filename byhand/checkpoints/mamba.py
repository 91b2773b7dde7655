"""Mamba as Hugging Face transformers stores it."""

from typing import Any

from byhand.checkpoints.family import Family, Piece, Pieces, one_vocabulary
from byhand.checkpoints.folder import Config, Tensors
from byhand.models.state_space import mamba


def mamba_options(config: Config, tensors: Tensors) -> mamba.Options:
    """Return the options, with the defaults of transformers' MambaConfig."""
    config.choice("hidden_act", "silu", {"silu": "silu", "swish": "silu"})
    d = config.size("hidden_size", 768)
    return mamba.Options(
        vocab=config.size("vocab_size", 50280),
        d_model=d,
        d_inner=config.size("intermediate_size", config.size("expand", 2) * d),
        d_state=config.size("state_size", 16),
        d_conv=config.size("conv_kernel", 4),
        d_step=-(-d // 16) if config.get("time_step_rank", "auto") == "auto" else config.size("time_step_rank"),
        layers=config.size("num_hidden_layers", 32),
        bias=config.flag("use_bias", False),
        conv_bias=config.flag("use_conv_bias", True),
        tied=config.flag("tie_word_embeddings", True),
        eps=config.epsilon("layer_norm_epsilon", 1e-5),
    )


def mamba_config(o: mamba.Options) -> dict[str, Any]:
    """Return the keys of a MambaConfig."""
    return {
        "architectures": ["MambaForCausalLM"],
        "vocab_size": o.vocab,
        "hidden_size": o.d_model,
        "intermediate_size": o.d_inner,
        "expand": max(1, o.d_inner // o.d_model),
        "state_size": o.d_state,
        "conv_kernel": o.d_conv,
        "time_step_rank": o.d_step,
        "num_hidden_layers": o.layers,
        "use_bias": o.bias,
        "use_conv_bias": o.conv_bias,
        "tie_word_embeddings": o.tied,
        "layer_norm_epsilon": o.eps,
    }


def projection(path: str, names: str, theirs: str, ins: int, widths: tuple[int, ...], bias: bool) -> Pieces:
    """Yield several of our layers, which are stacked in one of theirs."""
    stops = [sum(widths[: n + 1]) for n in range(len(widths))]
    for name, width, stop in zip(names.split(), widths, stops, strict=True):
        part = slice(stop - width, stop)
        yield f"{path}W_{name}", Piece(f"{theirs}.weight", (stops[-1], ins), rows=part, transposed=True)
        if bias:
            yield f"{path}b_{name}", Piece(f"{theirs}.bias", (stops[-1],), columns=part)


def mamba_pieces(o: mamba.Options) -> Pieces:
    """Yield the weights; x and its gate are stacked in in_proj; the step, B and C in x_proj."""
    wide = o.d_inner
    yield "E", Piece("backbone.embeddings.weight", (o.vocab, o.d_model))
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"backbone.layers.{n}"
        yield f"{ours}norm.gamma", Piece(f"{theirs}.norm.weight", (o.d_model,))
        mixer = f"{theirs}.mixer"
        yield from projection(ours, "x z", f"{mixer}.in_proj", o.d_model, (wide, wide), o.bias)
        yield (
            f"{ours}w",
            Piece(f"{mixer}.conv1d.weight", (wide, 1, o.d_conv), table=(wide, o.d_conv), transposed=True),
        )
        if o.conv_bias:
            yield f"{ours}b_conv", Piece(f"{mixer}.conv1d.bias", (wide,))
        widths = (o.d_step, o.d_state, o.d_state)
        yield from projection(ours, "low B C", f"{mixer}.x_proj", wide, widths, bias=False)
        yield from projection(ours, "delta", f"{mixer}.dt_proj", o.d_step, (wide,), bias=True)
        yield f"{ours}A_log", Piece(f"{mixer}.A_log", (wide, o.d_state))
        yield f"{ours}D", Piece(f"{mixer}.D", (wide,))
        yield from projection(ours, "O", f"{mixer}.out_proj", wide, (o.d_model,), o.bias)
    yield "final_norm.gamma", Piece("backbone.norm_f.weight", (o.d_model,))
    if not o.tied:
        yield "W_vocab", Piece("lm_head.weight", (o.vocab, o.d_model), transposed=True)


FAMILY = Family(
    mamba.ARCHITECTURE,
    mamba_options,
    mamba_pieces,
    one_vocabulary,
    body=("backbone.",),
    config=mamba_config,
    also={"hidden_size": "d_model", "num_hidden_layers": "n_layer", "state_size": "d_state", "conv_kernel": "d_conv"},
    spellings=(("backbone.embeddings", "backbone.embedding"), ("backbone.", "")),
    tied=(("lm_head.weight", "backbone.embeddings.weight"),),
)

FAMILIES = {"mamba": FAMILY}
"""The families of checkpoints that are read, by the `model_type` of their config."""
