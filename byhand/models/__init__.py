"""The list of what can be built."""

from byhand.errors import ByhandError, nearest
from byhand.language.architecture import Architecture
from byhand.models.decoder import bloom, gemma, gpt2, gpt_neox, llama, mistral, qwen
from byhand.models.efficient import linear_attention, linformer, performer, sparse_transformer, transformer_xl
from byhand.models.encoder import bert, distilbert, roberta, vit
from byhand.models.encoder_decoder import bart, marian, t5, transformer
from byhand.models.inside import circuits, induction, rasp
from byhand.models.mixture import deepseek, mixtral, switch
from byhand.models.parts import building_blocks, decoder_layer, encoder_layer, first_steps
from byhand.models.recurrent import lstm, rnn, seq2seq
from byhand.models.retrieval import knn_lm, retro
from byhand.models.state_space import mamba

MODELS: dict[str, Architecture] = {
    a.name: a
    for a in (
        *first_steps.BASICS,
        *building_blocks.PARTS,
        encoder_layer.ARCHITECTURE,
        decoder_layer.ARCHITECTURE,
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
