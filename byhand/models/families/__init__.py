"""The families of checkpoints that are read, by the `model_type` of their config."""

from byhand.models.families import bart, bert, bloom, deepseek, gpt2, gpt_neox, llama, mamba, recurrent, t5, torch, vit
from byhand.models.families.family import Family

FAMILIES: dict[str, Family] = {
    **gpt2.FAMILIES,
    **bert.FAMILIES,
    **bart.FAMILIES,
    **t5.FAMILIES,
    **gpt_neox.FAMILIES,
    **bloom.FAMILIES,
    **llama.FAMILIES,
    **deepseek.FAMILIES,
    **torch.FAMILIES,
    **recurrent.FAMILIES,
    **mamba.FAMILIES,
    **vit.FAMILIES,
}
