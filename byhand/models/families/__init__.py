"""The families of checkpoints that are read, by the `model_type` of their config."""

from byhand.models.families import bert, bloom, deepseek, gpt2, gpt_neox, llama, mamba, recurrent, torch
from byhand.models.families.family import Family

FAMILIES: dict[str, Family] = {
    **gpt2.FAMILIES,
    **bert.FAMILIES,
    **gpt_neox.FAMILIES,
    **bloom.FAMILIES,
    **llama.FAMILIES,
    **deepseek.FAMILIES,
    **torch.FAMILIES,
    **recurrent.FAMILIES,
    **mamba.FAMILIES,
}
