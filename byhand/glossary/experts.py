"""The glossary of mixtures of experts: router, gates and load."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "W_router": "Asks each word which expert it needs.",
    "b_router": "Moves the choice of experts, so that all have work.",
    "router_logits": "How well each expert suits each word.",
    "affinity": "How well each expert suits each word, between 0 and 1.",
    "chosen": "1 for the experts that work on a word.",
    "best": "The largest of each row.",
    "rest": "What is left when the best is taken away.",
    "kept": "What is left when all but the chosen are taken away.",
    "kept_total": "The sum of what is left, by which it is divided.",
    "gates": "The share of each chosen expert in a word's result.",
    "weighed": "An expert's result times its share.",
    "mixed": "The experts' results, added up by their shares.",
    "load": "How many words each expert gets.",
    "queue": "The place of each word in its expert's queue.",
    "capacity": "How many words an expert can take.",
    "taken mask": "1 for a word that its expert takes.",
    "mean_p": "The mean share of each expert.",
    "balance": "How evenly the work is spread: 1 is even, more is uneven.",
    "words in balance": "How many words count.",
    "counts in Balance": "1 for a word, 0 for a filler, which does not count.",
    "share in Balance": "What share of the words' choices each expert gets.",
    "chosen_words": "Which expert each word chose, of the words that count.",
    "p_words": "The shares of the experts, of the words that count.",
    "b_gate": "Added in the gates.",
    "b_up": "Added to what the gates let through.",
    "b_down": "Added to the expert's result.",
    "gate_clamped": "The gates, none above a limit.",
    "up_clamped": "What the gates let through, within a limit on both sides.",
    "swish": "The gates after the activation function.",
}

STEPS: dict[str, str] = {
    "router": "Each word gets a number for every expert: the larger, the better it suits.",
    "scores": "How well each expert suits each word, between 0 and 1.",
    "the 2 best": "The two experts that suit best are chosen.",
    "the best": "The expert that suits best is chosen.",
    "gates": "The chosen experts get shares.",
    "load": "How many words each expert gets.",
    "capacity": "Each expert takes so many words and no more.",
    "balance": "How evenly the work is spread.",
    "expert": "A feed-forward layer for the words that chose it.",
    "mix the experts": "The experts' results are added up by their shares.",
    "shared and chosen": "What all words share and what the chosen experts say are added up.",
}
