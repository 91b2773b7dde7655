"""The glossary of norms."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "mean": "The mean of each word's numbers.",
    "deviation": "How far each number is from the mean of its word.",
    "variance": "The mean square of the distances from the mean: how widely a word's numbers are spread.",
    "mean_square": "The mean of the squares of a word's numbers: how large they are.",
    "root": "By what each word's numbers are divided, to bring all words to the same size.",
    "normalised": "The numbers of each word brought to the same size.",
    "eps": "A tiny number, so that nothing is divided by 0.",
    "gamma": "By what each column is multiplied after the norm; learnt.",
    "beta": "What is added to each column after the norm; learnt.",
    "norm": "The words brought to the same size, each column as large as the model has learnt to want it.",
    "final_norm": "The words brought to the same size once more, after the last layer.",
    "post_norm": "The result of a part brought to the same size before it is added.",
    "q_norm": "Each query brought to the same size.",
    "k_norm": "Each key brought to the same size.",
    "squares": "The square of each number.",
    "unit": "Each row made 1 long, so that only its direction counts.",
    "Y in Layer norm": "The words brought to the same size, each column as large as the model has learnt to want it.",
}

STEPS: dict[str, str] = {
    "layer norm": "Each word's numbers are brought to the same size, so that none drowns the others.",
    "rms norm": "Each word's numbers are brought to the same size, without taking their mean away.",
    "norm": "Each word's numbers are brought to the same size, so that none drowns the others.",
    "unit length": "Queries and keys all get length 1, so that they agree by direction alone.",
    "second norm": "Each word's numbers are brought to the same size again, before the next part.",
    "final norm": "Each word's numbers are brought to the same size once more, after the last layer.",
}
