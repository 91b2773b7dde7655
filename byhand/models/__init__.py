"""The list of what can be built."""

from byhand.errors import ByhandError, nearest
from byhand.models import (
    basics,
    bert,
    bloom,
    decoder,
    deepseek,
    encoder,
    gemma,
    gpt2,
    gpt_neox,
    llama,
    mistral,
    mixtral,
    parts,
    qwen,
    switch,
    transformer,
)
from byhand.models.architecture import Architecture

MODELS: dict[str, Architecture] = {
    a.name: a
    for a in (
        *basics.BASICS,
        *parts.PARTS,
        encoder.ARCHITECTURE,
        decoder.ARCHITECTURE,
        transformer.ARCHITECTURE,
        gpt2.ARCHITECTURE,
        gpt_neox.ARCHITECTURE,
        bloom.ARCHITECTURE,
        llama.ARCHITECTURE,
        mistral.ARCHITECTURE,
        qwen.ARCHITECTURE,
        gemma.GEMMA,
        gemma.GEMMA2,
        deepseek.ARCHITECTURE,
        bert.ARCHITECTURE,
        mixtral.ARCHITECTURE,
        switch.ARCHITECTURE,
    )
}


def architecture(name: str) -> Architecture:
    """The model of that name; an unknown one is an error that offers the nearest."""
    if name not in MODELS:
        raise ByhandError(f"There is no model '{name}'; {nearest(name, MODELS)} (`byhand models` lists all).")
    return MODELS[name]
