"""The families of checkpoints that are read, by the `model_type` of their config."""

from byhand.models.families import bert, gpt2, mamba, recurrent, torch
from byhand.models.families.family import Family

FAMILIES: dict[str, Family] = {
    **gpt2.FAMILIES,
    **bert.FAMILIES,
    **torch.FAMILIES,
    **recurrent.FAMILIES,
    **mamba.FAMILIES,
}
