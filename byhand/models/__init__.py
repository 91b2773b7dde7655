"""The index of models; the module of a model is imported when it is first used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from byhand.errors import ByhandError, nearest_listed, quoted

if TYPE_CHECKING:  # the list of models must not pay for numpy
    from byhand.language.architecture import Architecture


class Entry(NamedTuple):
    """A line of the list of models, and the module of this folder that defines the model."""

    name: str
    family: str
    about: str
    page: str


INDEX: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry("dot-product", "part", "two rows of numbers to one number", "parts.products"),
        Entry("matrix-product", "part", "each row by each column", "parts.products"),
        Entry("activation", "part", "what a neuron lets through", "parts.networks"),
        Entry("linear", "part", "every feature from all features", "parts.networks"),
        Entry("prediction", "part", "features to the probabilities of words", "parts.softmax"),
        Entry("cross-attention", "part", "each word of one sentence looks at those of another", "parts.attention"),
        Entry("softmax", "part", "scores to probabilities", "parts.softmax"),
        Entry("layernorm", "part", "each row to mean 0 and variance 1", "parts.layernorm"),
        Entry("attention", "part", "each word looks at every word", "parts.attention"),
        Entry("multi-head", "part", "several heads, joined", "parts.attention"),
        Entry("feed-forward", "part", "the same small network for each word", "parts.networks"),
        Entry("positions", "part", "waves that tell where a word stands", "parts.words"),
        Entry("embedding", "part", "words to rows of numbers", "parts.words"),
        Entry(
            "encoder-layer",
            "part",
            "attention, residuals, norms, feed-forward; a class for a word",
            "parts.encoder_layer",
        ),
        Entry(
            "decoder-layer", "part", "looks back at the words so far, and at the other sentence", "parts.decoder_layer"
        ),
        Entry(
            "bpe",
            "tokens",
            "the most frequent pair of neighbours becomes one piece",
            "tokens.bpe",
        ),
        Entry(
            "bpe-encode",
            "tokens",
            "typed words, merged in the order that was learnt",
            "tokens.bpe_encode",
        ),
        Entry(
            "wordpiece",
            "tokens",
            "a pair's count, divided by those of its two pieces",
            "tokens.wordpiece",
        ),
        Entry(
            "wordpiece-encode",
            "tokens",
            "typed words, from the left, each time the longest piece",
            "tokens.wordpiece_encode",
        ),
        Entry(
            "unigram",
            "tokens",
            "pieces with probabilities: the likeliest way to cut a word",
            "tokens.unigram",
        ),
        Entry(
            "token-costs",
            "tokens",
            "pieces a word against the size of the vocabulary, of English, numbers and Greek",
            "tokens.token_costs",
        ),
        Entry(
            "lora",
            "learning",
            "a frozen weight, and a product of two small ones that learns in its place",
            "learning.lora",
        ),
        Entry(
            "dropout",
            "learning",
            "some numbers set to 0 while a model learns, the others scaled up",
            "learning.dropout",
        ),
        Entry("gradient-clipping", "learning", "gradients made shorter, all by one factor", "learning.clipping"),
        Entry(
            "distillation", "learning", "a small model learns the probabilities of a large one", "learning.distillation"
        ),
        Entry("balance-loss", "learning", "what experts cost that get more words than others", "learning.balance"),
        Entry(
            "clip", "learning", "pictures and texts in one space: each finds its own among the others", "learning.clip"
        ),
        Entry(
            "reward-model",
            "learning",
            "one number for each answer, learnt from which of two is better",
            "learning.reward",
        ),
        Entry(
            "dpo", "learning", "a chosen answer beside a rejected one: four log-probabilities to a loss", "learning.dpo"
        ),
        Entry(
            "ppo-clip", "learning", "a word that becomes likelier gains its advantage, up to a bound", "learning.ppo"
        ),
        Entry(
            "grpo",
            "learning",
            "several answers to a prompt, each as good as it is better than their mean",
            "learning.grpo",
        ),
        Entry("rnn", "before", "reads word by word; its memory is one row of numbers", "recurrent.rnn"),
        Entry("lstm", "before", "gates decide what a cell keeps, and what it shows", "recurrent.lstm"),
        Entry(
            "seq2seq-attention",
            "before",
            "looks back, at each step, at every word that it has read",
            "recurrent.seq2seq",
        ),
        Entry(
            "transformer",
            "encoder-decoder",
            "reads a sentence and writes another, word by word",
            "encoder_decoder.transformer",
        ),
        Entry("bart", "encoder-decoder", "reads a damaged sentence and writes it whole", "encoder_decoder.bart"),
        Entry("marian", "encoder-decoder", "the 2017 transformer as translators run it", "encoder_decoder.marian"),
        Entry("t5", "encoder-decoder", "turns a text into a text; positions are distances", "encoder_decoder.t5"),
        Entry("gpt2", "decoder only", "predicts the next word from the words before it", "decoder.gpt2"),
        Entry("gpt3", "decoder only", "GPT-2 whose layers see all words and only nearby ones by turns", "decoder.gpt3"),
        Entry("opt", "decoder only", "GPT-2 with ReLU, and in one size a narrower embedding", "decoder.opt"),
        Entry(
            "gopher",
            "decoder only",
            "GPT-2 with RMS norms, and scores by distance in place of positions",
            "decoder.gopher",
        ),
        Entry(
            "gpt-j",
            "decoder only",
            "attention and feed-forward in parallel from one norm, pairs of neighbours rotary",
            "decoder.gpt_j",
        ),
        Entry(
            "gpt-neox",
            "decoder only",
            "attention and feed-forward in parallel, a part of each head rotary",
            "decoder.gpt_neox",
        ),
        Entry("bloom", "decoder only", "ALiBi: no positions, but scores that fall with distance", "decoder.bloom"),
        Entry(
            "falcon",
            "decoder only",
            "one key and value for all heads, attention and feed-forward in parallel",
            "decoder.falcon",
        ),
        Entry("llama", "decoder only", "RMS norm, rotary positions, gated feed-forward, shared keys", "decoder.llama"),
        Entry(
            "mistral",
            "decoder only",
            "Llama with a sliding window: each word sees only the last few",
            "decoder.mistral",
        ),
        Entry(
            "qwen", "decoder only", "Llama with each query and key normed, in heads of their own size", "decoder.qwen"
        ),
        Entry(
            "gemma",
            "decoder only",
            "Llama with a scaled embedding, gains from 1 on, and a gate of GELU",
            "decoder.gemma",
        ),
        Entry(
            "gemma2",
            "decoder only",
            "norms before and after, soft caps, and a window in every other layer",
            "decoder.gemma",
        ),
        Entry(
            "gemma3",
            "decoder only",
            "a window in most layers, a rotary base for each kind, normed queries and keys",
            "decoder.gemma3",
        ),
        Entry(
            "olmo2",
            "decoder only",
            "norms after each branch, queries and keys normed over all heads at once",
            "decoder.olmo2",
        ),
        Entry("smollm3", "decoder only", "Llama with some layers that have no positions", "decoder.smollm3"),
        Entry("phi3", "decoder only", "Llama with joined projections, made long by LongRoPE", "decoder.phi3"),
        Entry(
            "command-r",
            "decoder only",
            "parallel branches from one norm without a shift, logits scaled",
            "decoder.command_r",
        ),
        Entry(
            "deepseek",
            "decoder only",
            "keys and values from a small latent, a shared expert and chosen ones",
            "mixture.deepseek",
        ),
        Entry("bert", "encoder only", "fills in masked words, seeing those on both sides", "encoder.bert"),
        Entry("roberta", "encoder only", "BERT trained longer; its positions leave padding out", "encoder.roberta"),
        Entry("distilbert", "encoder only", "BERT with half the layers and no segments", "encoder.distilbert"),
        Entry(
            "albert",
            "encoder only",
            "BERT whose layers share their weights, with a small embedding made wider",
            "encoder.albert",
        ),
        Entry("vit", "encoder only", "says what a picture shows, whose patches it reads like words", "encoder.vit"),
        Entry(
            "sparse-transformer",
            "sparse and long",
            "heads that see what is near, or one word in every few",
            "efficient.sparse_transformer",
        ),
        Entry(
            "transformer-xl",
            "sparse and long",
            "remembers the last segment; places are distances",
            "efficient.transformer_xl",
        ),
        Entry(
            "linear-attention",
            "sparse and long",
            "attention as a sum and as a recurrence, shown equal",
            "efficient.linear_attention",
        ),
        Entry(
            "performer", "sparse and long", "attention by random features, beside the exact one", "efficient.performer"
        ),
        Entry(
            "linformer",
            "sparse and long",
            "a few sums of keys and values in place of all of them",
            "efficient.linformer",
        ),
        Entry(
            "mixtral",
            "experts and memory",
            "a router sends each word to two of several feed-forward networks",
            "mixture.mixtral",
        ),
        Entry(
            "qwen3-moe",
            "experts and memory",
            "normed queries and keys, and a few of many small experts for each word",
            "mixture.qwen3_moe",
        ),
        Entry(
            "gpt-oss",
            "experts and memory",
            "a sink beside the scores, windows by turns, experts with clamped gates",
            "mixture.gpt_oss",
        ),
        Entry(
            "switch",
            "experts and memory",
            "a router sends each word to one expert, which has room for a few",
            "mixture.switch",
        ),
        Entry(
            "retro",
            "experts and memory",
            "each chunk of words finds its nearest neighbours; the next reads them",
            "retrieval.retro",
        ),
        Entry(
            "knn-lm",
            "experts and memory",
            "also asks what came after the nearest contexts of a stored text",
            "retrieval.knn_lm",
        ),
        Entry(
            "mamba",
            "state space",
            "reads step by step, and lets each word say what the state keeps",
            "state_space.mamba",
        ),
        Entry(
            "delta-net",
            "state space",
            "keeps a state that fades and is corrected where it is wrong",
            "state_space.delta_net",
        ),
        Entry(
            "flash-attention",
            "inference",
            "attention tile by tile with a running maximum and total, shown equal",
            "inference.flash_attention",
        ),
        Entry(
            "speculative-decoding",
            "inference",
            "a small draft guesses words, a large model keeps those it would have written",
            "inference.speculative_decoding",
        ),
        Entry(
            "quantisation",
            "inference",
            "weights in int8, int4 and MXFP4: the errors, and the next word",
            "inference.quantisation",
        ),
        Entry(
            "logit-lens",
            "inference",
            "what the model would say if it stopped after each sublayer",
            "inference.logit_lens",
        ),
        Entry(
            "activation-patching",
            "inference",
            "two prompts beside each other: what carries the answer from one to the other",
            "inference.activation_patching",
        ),
        Entry(
            "fact",
            "inference",
            "a key that finds a fact and a value that says it; erased, and changed",
            "inference.fact",
        ),
        Entry(
            "paged-cache",
            "inference",
            "keys and values in blocks that two texts share, found by a block table",
            "inference.paged_cache",
        ),
        Entry(
            "induction-head",
            "looking inside",
            "two heads set by hand: one marks the word before, one copies",
            "inside.induction",
        ),
        Entry(
            "circuits", "looking inside", "what two heads read and write, and how they work together", "inside.circuits"
        ),
        Entry("rasp-reverse", "looking inside", "reverses letters, by attention set by hand", "inside.rasp"),
        Entry("rasp-histogram", "looking inside", "counts letters, by attention set by hand", "inside.rasp"),
        Entry("rasp-sort", "looking inside", "sorts letters, by attention set by hand", "inside.rasp"),
    )
}
"""Every model by name, in the order of the list; a test compares it with each module."""


class Models(Mapping[str, "Architecture"]):
    """The models by name; a module is imported when one of its models is looked up."""

    def __getitem__(self, name: str) -> Architecture:
        from byhand.language.architecture import Architecture

        page = import_module(f"{__name__}.{INDEX[name].page}")
        return next(v for v in vars(page).values() if isinstance(v, Architecture) and v.name == name)

    def __contains__(self, name: object) -> bool:
        return name in INDEX

    def __iter__(self) -> Iterator[str]:
        return iter(INDEX)

    def __len__(self) -> int:
        return len(INDEX)


MODELS = Models()


class Alias(NamedTuple):
    """Another name of a model: the model, its options under this name, and in what they are alike."""

    model: str
    size: Mapping[str, Any] = {}
    about: str = ""


ALIASES = {
    "llama2": Alias("llama", {}, "Llama 2 has the layers of Llama"),
    "llama3": Alias("llama", {}, "Llama 3 has the layers of Llama, and a larger theta"),
    "qwen2": Alias("llama", {"attention_bias": True}, "Qwen2 is Llama with a bias on queries, keys and values"),
    "qwen3": Alias("qwen"),
    "mt5": Alias(
        "t5",
        {"gated": True, "activation": "gelu_tanh", "tied": False, "scale_output": False},
        "mT5 is T5 with a gated feed-forward and an output layer of its own",
    ),
    "deepseek-v3": Alias("deepseek"),
}
"""Other names that people type for a model of the index."""


def resolve(name: str) -> Alias:
    """Return the model of a name in any spelling: GPT-2, gpt_2, Llama3. Raises ByhandError if there is none."""
    spelled = {_folded(known): Alias(known) for known in INDEX}
    spelled |= {_folded(known): alias for known, alias in ALIASES.items()}
    if _folded(name) not in spelled:
        raise ByhandError(f"There is no model {quoted(name)}{nearest_listed(name, MODELS, 'byhand models')}.")
    return spelled[_folded(name)]


def _folded(name: str) -> str:
    return re.sub(r"[-_ ]", "", name.casefold())
