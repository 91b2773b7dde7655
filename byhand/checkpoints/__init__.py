"""The families of checkpoints that are read, by the `model_type` of their config."""

from byhand.checkpoints import (
    bart,
    bert,
    bloom,
    deepseek,
    gpt2,
    gpt_neox,
    llama,
    mamba,
    t5,
    torch_rnn,
    torch_transformer,
    vit,
)
from byhand.checkpoints.family import Family

FAMILIES: dict[str, Family] = {
    **gpt2.FAMILIES,
    **bert.FAMILIES,
    **bart.FAMILIES,
    **t5.FAMILIES,
    **gpt_neox.FAMILIES,
    **bloom.FAMILIES,
    **llama.FAMILIES,
    **deepseek.FAMILIES,
    **torch_transformer.FAMILIES,
    **torch_rnn.FAMILIES,
    **mamba.FAMILIES,
    **vit.FAMILIES,
}
