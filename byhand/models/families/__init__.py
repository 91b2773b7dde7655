"""The families of checkpoints that are read, by the `model_type` of their config."""

from byhand.models.families import bart, bert, gpt2, torch, vit
from byhand.models.families.family import Family

FAMILIES: dict[str, Family] = {
    **gpt2.FAMILIES,
    **bert.FAMILIES,
    **bart.FAMILIES,
    **torch.FAMILIES,
    **vit.FAMILIES,
}
