"""The index of the checkpoints that byhand reads; a family's file is imported on first use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the index must not pay for numpy
    from byhand.checkpoints.family import Family

INDEX = {
    "gpt2": "gpt2",
    "nanogpt": "gpt2",
    "bert": "bert",
    "roberta": "bert",
    "distilbert": "bert",
    "albert": "albert",
    "bart": "bart",
    "marian": "bart",
    "t5": "t5",
    "mt5": "t5",
    "gpt_neox": "gpt_neox",
    "bloom": "bloom",
    "llama": "llama",
    "mistral": "llama",
    "ministral": "llama",
    "mixtral": "llama",
    "qwen2": "llama",
    "qwen3": "llama",
    "gemma": "llama",
    "gemma2": "llama",
    "gemma3_text": "llama_later",
    "olmo2": "llama_later",
    "smollm3": "llama_later",
    "cohere": "llama_later",
    "phi3": "llama_later",
    "qwen3_moe": "llama_later",
    "gpt_oss": "gpt_oss",
    "gptj": "gptj",
    "falcon": "falcon",
    "opt": "opt",
    "gpt_neo": "gpt_neo",
    "deepseek_v3": "deepseek",
    "torch.nn.Transformer": "torch_transformer",
    "torch.nn.TransformerEncoderLayer + torch.nn.Linear": "torch_transformer",
    "transformer2017": "torch_transformer",
    "lstm_lm": "torch_rnn",
    "lstm_seq2seq": "torch_rnn",
    "mamba": "mamba",
    "vit": "vit",
}
"""The `model_type` of each family -> the file of this folder that reads it."""


class Families(Mapping[str, "Family"]):
    """The families of the index by their `model_type`; the file of one is imported when it is looked up."""

    def __getitem__(self, kind: str) -> Family:
        family: Family = import_module(f"{__name__}.{INDEX[kind]}").FAMILIES[kind]
        return family

    def __contains__(self, kind: object) -> bool:
        return kind in INDEX

    def __iter__(self) -> Iterator[str]:
        return iter(INDEX)

    def __len__(self) -> int:
        return len(INDEX)


FAMILIES = Families()
