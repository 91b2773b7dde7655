"""ViT as Hugging Face transformers stores it, with its classifier."""

from dataclasses import replace
from typing import Any

from byhand.checkpoints.class_names import names
from byhand.checkpoints.family import (
    ACTIVATIONS,
    THEIRS,
    WHOLE_WORDS,
    Family,
    Piece,
    Pieces,
    linear,
    norm,
    separate_heads,
)
from byhand.checkpoints.folder import Config, Tensors
from byhand.core.labels import Labels
from byhand.language.options import Options
from byhand.models.encoder import vit


def options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' ViTConfig; without labels there are two classes."""
    d = config.size("hidden_size", 768)
    labels = names(config)
    return replace(
        vit.VIT,
        image=config.side("image_size", 224),
        patch=config.side("patch_size", 16),
        channels=config.size("num_channels", 3),
        d_model=d,
        heads=config.heads("num_attention_heads", 12, "hidden_size", d),
        layers=config.size("num_hidden_layers", 12),
        d_ff=config.size("intermediate_size", 3072),
        classes=len(labels),
        labels=labels,
        activation=config.choice("hidden_act", "gelu", ACTIVATIONS),
        attention_bias=config.flag("qkv_bias", True),
        eps=config.epsilon("layer_norm_eps", 1e-12),
    )


def vit_config(o: Options) -> dict[str, Any]:
    """Return the keys of a ViTConfig."""
    return {
        "architectures": ["ViTForImageClassification"],
        "image_size": o.image,
        "patch_size": o.patch,
        "num_channels": o.channels,
        "hidden_size": o.d_model,
        "num_attention_heads": o.heads,
        "num_hidden_layers": o.layers,
        "intermediate_size": o.d_ff,
        "id2label": {str(n): label for n, label in enumerate(class_names(o))},
        "hidden_act": THEIRS.get(o.activation),
        "qkv_bias": o.attention_bias,
        "layer_norm_eps": o.eps,
    }


def class_names(o: Options) -> tuple[str, ...]:
    """Return the names of the classes, as the model shows them."""
    labels = vit.kinds(o).labels
    assert isinstance(labels, Labels)
    return labels.words


def pieces(o: Options) -> Pieces:
    """Yield the weights; the kernel of the patches is stored feature by channel by line by column."""
    d, inner = o.d_model, o.channels * o.patch**2
    kernel = "vit.embeddings.patch_embeddings.projection"
    places = (o.image // o.patch) ** 2 + 1
    shape = (d, o.channels, o.patch, o.patch)
    yield "W_patch", Piece(f"{kernel}.weight", shape, transposed=True, table=(d, inner))
    yield "b_patch", Piece(f"{kernel}.bias", (d,))
    yield "class_token", Piece("vit.embeddings.cls_token", (1, 1, d), table=(1, d))
    yield "P", Piece("vit.embeddings.position_embeddings", (1, places, d), table=(places, d))
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"vit.encoder.layer.{n}"
        yield from norm(f"{ours}norm1", f"{theirs}.layernorm_before", d)
        yield from separate_heads(ours, f"{theirs}.attention.attention", d, o.heads, WHOLE_WORDS, bias=o.attention_bias)
        yield from linear(ours, "O", f"{theirs}.attention.output.dense", d, d)
        yield from norm(f"{ours}norm2", f"{theirs}.layernorm_after", d)
        yield from linear(ours, "1", f"{theirs}.intermediate.dense", d, o.d_ff)
        yield from linear(ours, "2", f"{theirs}.output.dense", o.d_ff, d)
    yield from norm("final_norm", "vit.layernorm", d)
    yield from linear("", "class", "classifier", d, o.classes)


FAMILIES = {
    "vit": Family(
        vit.ARCHITECTURE,
        options,
        pieces,
        lambda o: (),
        body=("vit.encoder.", "encoder."),
        config=vit_config,
        spellings=(("vit.", ""),),
    )
}
