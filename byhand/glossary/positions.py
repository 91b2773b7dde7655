"""The glossary of positions that turn and distances."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "two_i": "The even numbers 0, 2, 4 …, one for each pair of columns.",
    "rate": "How fast the angle of each pair grows from place to place.",
    "angle": "The angle of each pair at each place.",
    "cos": "The cosines of the angles.",
    "sin": "The sines of the angles.",
    "Q_turned": "Each pair of the queries changed round, the first with a minus: what the sine is multiplied by.",
    "K_turned": "Each pair of the keys changed round, the first with a minus: what the sine is multiplied by.",
    "Q_rotated": "The queries, each pair turned by the angle of its place.",
    "K_rotated": "The keys, each pair turned by the angle of its place; so scores depend on the distance.",
    "slope": "How much a score falls with each step of distance; each head has its own.",
    "distance": "How far each word is from each other one.",
    "bucket": "The class of each distance: near ones have their own, far ones share one.",
    "buckets": "The class of each distance: near ones have their own, far ones share one.",
    "bias": "What is added to a score for its distance.",
    "R": "A row of numbers for each distance.",
    "W_R": "Turns a distance into something that a query can ask for.",
    "bias_u": "Added to every query when it meets a word.",
    "bias_v": "Added to every query when it meets a distance.",
    "Q_content": "The queries as they meet words.",
    "Q_place": "The queries as they meet distances.",
    "by_distance": "How well each query fits each distance.",
    "by_key": "The same, with each distance under the word that stands there.",
}

STEPS: dict[str, str] = {
    "rotary angles": "Each pair of columns gets an angle that grows with the place, some fast and some slowly.",
    "cos and sin": "The cosine and sine of each angle, by which queries and keys are turned.",
    "distances": "How far each word is from each other one.",
    "buckets": "Near distances have a class of their own, far ones share one.",
    "relative positions": "Each distance gets a number that is added to the score.",
}
