"""The glossary of softmax."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "max": "The largest number of each row; taking it away keeps e to the power of it from becoming huge.",
    "shifted": "Each number less the largest of its row: the largest becomes 0, and the shares stay the same.",
    "exp": "e to the power of each number: always positive, and the larger ones stand out.",
    "total": "The sum of each row, by which the row is divided so that its shares add up to 1.",
    "p": "Shares: each number over the total of its row, so that a row adds up to 1.",
    "probabilities": "How probable the model finds each choice, such as each word of the vocabulary.",
    "logits": "A number for each choice, such as each word of the vocabulary: the larger, the more it is expected.",
    "log_p": "The logarithm of each share: 0 for certain, far below 0 for what is not expected.",
    "answer": "What the model answers.",
    "probabilities in Softmax": "Shares: each number over the total of its row, so that a row adds up to 1.",
}

STEPS: dict[str, str] = {
    "softmax": "Numbers become shares: positive, adding up to 1, and the larger ones stand out.",
    "log-softmax": "The logarithms of the shares, without taking e to the power and back.",
    "prediction": "A row of numbers becomes a share for each word that may come next.",
}
