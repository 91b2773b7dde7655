"""The glossary of programs that are written as attention."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "tokens": "1 in the column of each letter that stands there.",
    "all": "1 everywhere: every place looks at every one.",
    "length": "How many letters there are.",
    "index": "1 in the column of each place's number.",
    "opp": "The opposite place, counted from the end.",
    "place_index": "The numbers of the places: 0, 1, 2 and so on.",
    "place_key": "The numbers of the places: 0, 1, 2 and so on.",
    "place_query": "The numbers of the places: 0, 1, 2 and so on.",
    "place_counts": "The counts that there can be: 0, 1, 2 and so on.",
    "with_start": "The letters with a start before them.",
    "selected": "1 where the program looks.",
    "reversed": "1 in the column of the letter at each place, from last to first.",
    "counts": "1 in the column of how often the letter occurs.",
    "sorted": "1 in the column of the letter at each place, in the order of the alphabet.",
    "less": "1 where one letter of the alphabet comes before another.",
    "smaller": "1 where a letter comes before this one.",
    "smaller_letters": "For each letter 1 in the columns of the letters that come before it in the alphabet.",
    "earlier": "1 for earlier places.",
    "equal": "1 where the letters are equal.",
    "n in count with [START]": "How many letters are looked at, found from the weight of [START].",
    "key": "1 in the column of the place by which each letter is found.",
    "query": "1 in the column of the place that is looked for.",
    "before in Smaller": "1 where a letter comes before another when sorted: it is smaller, or equal and first.",
}

STEPS: dict[str, str] = {
    "smaller": "Each letter looks at those that come before it.",
    "how many before": "How many letters come before this one: its place when all are sorted.",
    "place": "Each place takes the letter that belongs there.",
    "count": "Each letter looks at its like and counts them.",
    "length": "How many letters there are, from the share of one.",
    "flip": "Each place looks at its opposite one.",
    "count with [start]": "How many places are looked at, found from the weight that [START] gets among them.",
    "one-hot": "A number becomes a 1 in its column, so that it can be compared.",
}
