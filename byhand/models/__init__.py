"""The list of what can be built."""

from byhand.errors import ByhandError, nearest
from byhand.models import (
    bart,
    basics,
    bert,
    bloom,
    circuits,
    decoder,
    deepseek,
    distilbert,
    encoder,
    gemma,
    gpt2,
    gpt_neox,
    induction,
    knn_lm,
    linear_attention,
    linformer,
    llama,
    lstm,
    mamba,
    marian,
    mistral,
    mixtral,
    parts,
    performer,
    qwen,
    rasp,
    retro,
    rnn,
    roberta,
    seq2seq,
    sparse_transformer,
    switch,
    t5,
    transformer,
    transformer_xl,
    vit,
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
        bart.ARCHITECTURE,
        marian.ARCHITECTURE,
        t5.ARCHITECTURE,
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
        roberta.ARCHITECTURE,
        distilbert.ARCHITECTURE,
        vit.ARCHITECTURE,
        sparse_transformer.ARCHITECTURE,
        transformer_xl.ARCHITECTURE,
        linear_attention.ARCHITECTURE,
        performer.ARCHITECTURE,
        linformer.ARCHITECTURE,
        mixtral.ARCHITECTURE,
        switch.ARCHITECTURE,
        retro.ARCHITECTURE,
        knn_lm.ARCHITECTURE,
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
