"""The list of what can be built."""

from byhand.errors import ByhandError, nearest
from byhand.models import (
    basics,
    bert,
    bloom,
    circuits,
    decoder,
    deepseek,
    encoder,
    gemma,
    gpt2,
    gpt_neox,
    induction,
    knn_lm,
    llama,
    lstm,
    mamba,
    mistral,
    mixtral,
    parts,
    qwen,
    rasp,
    retro,
    rnn,
    seq2seq,
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
        rnn.ARCHITECTURE,
        lstm.ARCHITECTURE,
        seq2seq.ARCHITECTURE,
        transformer.ARCHITECTURE,
        gpt2.ARCHITECTURE,
        gpt_neox.ARCHITECTURE,
        bloom.ARCHITECTURE,
        llama.ARCHITECTURE,
        mistral.ARCHITECTURE,
        qwen.ARCHITECTURE,
        gemma.GEMMA,
        gemma.GEMMA2,
        mixtral.ARCHITECTURE,
        switch.ARCHITECTURE,
        retro.ARCHITECTURE,
        knn_lm.ARCHITECTURE,
        deepseek.ARCHITECTURE,
        bert.ARCHITECTURE,
        mamba.ARCHITECTURE,
        induction.ARCHITECTURE,
        circuits.ARCHITECTURE,
        *rasp.PROGRAMS,
    )
}


def architecture(name: str) -> Architecture:
    """The model of that name; an unknown one is an error that offers the nearest."""
    if name not in MODELS:
        raise ByhandError(f"There is no model '{name}'; {nearest(name, MODELS)} (`byhand models` lists all).")
    return MODELS[name]
