"""The list of what can be derived; a topic's page is made only when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.errors import ByhandError, nearest_listed, quoted


@dataclass(frozen=True)
class Topic:
    """A topic: a sentence about its page, its source, and the file of this folder with the function that makes it."""

    name: str
    summary: str
    source: str
    file: str

    @property
    def function(self) -> str:
        return self.name.replace("-", "_")


VASWANI = "Vaswani et al. 2017, Attention Is All You Need"

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(
            "softmax",
            "Turns scores into shares that add up to 1: shift invariance, Jacobian, temperature, two scores.",
            "Bridle 1990; temperature: Hinton, Vinyals and Dean 2015, equation 1",
            "softmax",
        ),
        Topic(
            "log-sum-exp",
            "A smooth maximum: how to compute it without overflow, its gradient, and how close it is.",
            "Boyd and Vandenberghe 2004, Convex Optimization, section 3.1.5",
            "softmax",
        ),
        Topic(
            "cross-entropy",
            "The loss of a language model: after a softmax its gradient is p − y, with label smoothing too.",
            f"label smoothing: Szegedy et al. 2016, section 7; {VASWANI}, section 5.4",
            "cross_entropy",
        ),
        Topic(
            "logit-scale",
            "Logits times a number are a softmax at a temperature; a soft cap bounds scores, and its slope is never 0.",
            "Cohere 2024 (Command R); the cap: Gemma Team 2024, Gemma 2, section 2",
            "logits",
        ),
        Topic(
            "sampling",
            "Choosing the next word: temperature, top-k, and what each becomes in the limit.",
            "temperature: Hinton, Vinyals and Dean 2015, equation 1; top-k: Fan, Lewis and Dauphin 2018",
            "sampling",
        ),
        Topic(
            "speculative",
            "Words that a draft guesses and a target checks are distributed as the target's own; how many are kept.",
            "Leviathan, Kalman and Matias 2023, appendix A.1; Chen et al. 2023, theorem 1",
            "speculative",
        ),
        Topic(
            "attention",
            "Scaled dot-product attention in components, and the gradients of Q, K and V through the softmax.",
            f"{VASWANI}, section 3.2.1, equation 1",
            "attention",
        ),
        Topic(
            "flash-attention",
            "FlashAttention's running maximum and total: tile by tile, the result is that of attention over all keys.",
            "Milakov and Gimelshein 2018; Dao et al. 2022, section 3.1",
            "tiles",
        ),
        Topic(
            "why-sqrt-d",
            "Why scores are divided by √d_k: the variance of a dot product of d_k independent components is d_k.",
            f"{VASWANI}, section 3.2.1, footnote 4",
            "scores",
        ),
        Topic(
            "causal-mask",
            "Why a mask puts −∞ before the softmax, and not 0 after it.",
            f"{VASWANI}, section 3.2.3",
            "scores",
        ),
        Topic(
            "attention-sink",
            "A sink beside the scores is one more key without a value: weights add up to less than 1.",
            "OpenAI 2025, gpt-oss model card, section 2.2; Xiao et al. 2024, Attention Sinks",
            "sink",
        ),
        Topic(
            "multi-head",
            "Heads side by side times W_O is a sum over heads: each adds its own part to the output.",
            f"{VASWANI}, section 3.2.2; Elhage et al. 2021, A Mathematical Framework for Transformer Circuits",
            "linear",
        ),
        Topic(
            "linear",
            "The layer x W + b: the gradients of x, W and b are products of tables.",
            "Rumelhart, Hinton and Williams 1986",
            "linear",
        ),
        Topic(
            "shared-layers",
            "The gradient of a weight that several layers share is the sum over the places where it is used.",
            "Lan et al. 2020, ALBERT, section 3.1; Rumelhart, Hinton and Williams 1986",
            "shared",
        ),
        Topic(
            "residual",
            "Why paths around a layer keep the gradient alive: the identity in each Jacobian.",
            "He et al. 2016, Identity Mappings in Deep Residual Networks, equation 5",
            "linear",
        ),
        Topic(
            "layer-norm",
            "Centres and scales a row: the gradient in closed form, and what it does not notice.",
            "Ba, Kiros and Hinton 2016, Layer Normalization, equation 3",
            "norms",
        ),
        Topic(
            "rms-norm",
            "Scales a row by its root mean square: the gradient in closed form, and what it does not notice.",
            "Zhang and Sennrich 2019, Root Mean Square Layer Normalization, equation 4",
            "norms",
        ),
        Topic(
            "query-key-norm",
            "Norms on queries and keys: by Cauchy–Schwarz, no score is larger than the gains and √d allow.",
            "Henry et al. 2020, Query-Key Normalization; Gemma Team 2025; OLMo Team 2024, section 3.1",
            "normed_queries",
        ),
        Topic(
            "relu",
            "The larger of a number and 0: its derivative on either side, and why there is a choice at 0.",
            f"Nair and Hinton 2010; {VASWANI}, equation 2",
            "activations",
        ),
        Topic(
            "gelu",
            "A number times its share of the bell curve: exact and tanh form, and how far apart they are.",
            "Hendrycks and Gimpel 2016, Gaussian Error Linear Units, section 2",
            "gelu",
        ),
        Topic(
            "silu",
            "A number times its own sigmoid: derivative, and the limits to which it bends.",
            "Elfwing, Uchibe and Doya 2017; Ramachandran, Zoph and Le 2017 (as Swish)",
            "activations",
        ),
        Topic(
            "swiglu",
            "A gate: SiLU of one linear layer times another; its gradients.",
            "Shazeer 2020, GLU Variants Improve Transformer, section 2",
            "activations",
        ),
        Topic(
            "sinusoidal",
            "Positions as points on clocks: a shift is a rotation, and dot products see only the offset.",
            f"{VASWANI}, section 3.5",
            "positions",
        ),
        Topic(
            "rotary",
            "Queries and keys turned by their positions: the score depends on the distance m − n alone.",
            "Su et al. 2021, RoFormer, section 3.2",
            "positions",
        ),
        Topic(
            "adam",
            "Why the two averages are divided by 1 − β^t, and how large the first step is.",
            "Kingma and Ba 2015, Adam, section 3 and algorithm 1",
            "adam",
        ),
        Topic(
            "wordpiece-score",
            "Why WordPiece's score is a likelihood ratio, and what BPE's count gains: a shorter text.",
            "Schuster and Nakajima 2012, section 3; Sennrich, Haddow and Birch 2016, section 3.2",
            "pieces",
        ),
        Topic(
            "unigram-em",
            "One step of EM for the pieces of Unigram: the new probability is a piece's share of all expected uses.",
            "Kudo 2018, Subword Regularization, section 3.2; Dempster, Laird and Rubin 1977",
            "pieces",
        ),
        Topic(
            "lora",
            "A frozen weight and two small ones: merged equals apart, and the gradients of A and B.",
            "Hu et al. 2021, LoRA, section 4.1",
            "learning",
        ),
        Topic(
            "dropout",
            "Why what is kept is divided by 1 − p: the mean stays, and which variance is added.",
            "Srivastava et al. 2014, section 9",
            "learning",
        ),
        Topic(
            "distillation",
            "Soft targets: the gradient is (p − q) / T, and why the loss is multiplied by T².",
            "Hinton, Vinyals and Dean 2015, section 2.1",
            "learning",
        ),
        Topic(
            "clip",
            "Pictures and texts: the gradient of a similarity, and that of a row made 1 long.",
            "Radford et al. 2021, figure 3; van den Oord, Li and Vinyals 2018",
            "learning",
        ),
        Topic(
            "dpo",
            "From the objective with a KL penalty to a loss of four log-probabilities, and its gradient.",
            "Rafailov et al. 2023, Direct Preference Optimization, section 4 and appendix A",
            "preferences",
        ),
        Topic(
            "grpo",
            "Advantages within a group: mean 0 and mean square 1; the gradient of a gain; the KL estimate.",
            "Shao et al. 2024, DeepSeekMath, section 4.1; the estimate: Schulman 2020",
            "preferences",
        ),
    )
}


def find_topic(name: str) -> Topic:
    """Return the topic of that name. ByhandError with the nearest names if there is none."""
    if name not in TOPICS:
        raise ByhandError(f"There is no topic {quoted(name)}{nearest_listed(name, TOPICS, 'byhand derive --list')}.")
    return TOPICS[name]
