"""The glossary of positions that turn and distances."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "two_i": "The even numbers 0, 2, 4 …, one for each pair of columns.",
    "rate": "How fast the angle of each pair of columns grows from place to place.",
    "angle": "By which angle each pair of columns is turned at each place.",
    "cos": "The cosine of each angle.",
    "sin": "The sine of each angle.",
    "Q_turned": "Each pair of a query's numbers changed round, the first with a minus: what the sine is multiplied by.",
    "K_turned": "Each pair of a key's numbers changed round, the first with a minus: what the sine is multiplied by.",
    "Q_rotated": "The queries, each pair turned by the angle of its place.",
    "K_rotated": "The keys, each pair turned by the angle of its place; so scores depend on the distance.",
    "slope": "How much a score falls with each step of distance; each head has its own.",
    "distance": "How far each word is from each other one.",
    "bucket": "The class of each distance: near ones have their own, far ones share one.",
    "buckets": "The class of each distance: near ones have their own, far ones share one.",
    "bias": "What is added to each score for its distance.",
    "R": "A row of numbers for each distance.",
    "W_R": "Turns the row of a distance into one that a query can be compared with.",
    "bias_u": "Added to every query before it is compared with the keys.",
    "bias_v": "Added to every query before it is compared with the distances.",
    "Q_content": "The queries as they are compared with the keys of the words.",
    "Q_place": "The queries as they are compared with the rows of the distances.",
    "by_distance": "How well each query fits each distance.",
    "by_key": "How well each query fits each distance, put under the word that stands there.",
    "B weight": "For each class of distance, and each head, the number that is added to a score; learnt.",
    "distance given": "All distances that there can be between a word and another.",
    "slower": "How fast the angles grow once they are slowed down, so that longer texts fit.",
    "slowness": "How many times more slowly each pair of columns turns.",
}

STEPS: dict[str, str] = {
    "rotary angles": "Each pair of columns gets an angle that grows with the place, some fast and some slowly.",
    "cos and sin": "The cosine and sine of each angle, by which queries and keys are turned.",
    "buckets": "Near distances have a class of their own, far ones share one.",
    "relative positions": "The distance between two words changes how well they fit.",
    "positions": "What follows from the places of the words alone is worked out once, for all layers.",
    "positions in windows": "What follows from the places alone, for layers that look at near words only.",
    "distances in Positions": "How far each word is from each other one, counted in words.",
    "turn the keys": "Each key is turned by the angle of its place.",
    "turn the queries": "Each query is turned by the angle of its place, so that its scores depend on the distance.",
    "by content": "How well each query fits each word.",
    "by distance": "How well each query fits each distance.",
}
