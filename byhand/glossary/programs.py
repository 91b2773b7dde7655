"""The glossary of programs that are written as attention."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "tokens": "1 in the column of each letter that stands there.",
    "all": "1 everywhere: every place looks at every one.",
    "length": "How many letters there are.",
    "index": "The number of each place.",
    "opp": "The opposite place, counted from the end.",
    "place": "The place of each word.",
    "place_index": "The number of each place.",
    "place_key": "What each place can be found by.",
    "place_query": "What each place looks for.",
    "place_counts": "Turns a share into a count.",
    "with_start": "The letters with a start before them.",
    "selected": "1 where the program looks.",
    "reversed": "The letters from last to first.",
    "counts": "How often each letter occurs.",
    "sorted": "The letters in order.",
    "less": "1 where one letter comes before another.",
    "smaller": "1 where a letter comes before this one.",
    "smaller_letters": "How many letters come before this one.",
    "earlier": "1 for earlier places.",
    "equal": "1 where the letters are equal.",
}

STEPS: dict[str, str] = {
    "smaller": "Each letter looks at those that come before it.",
    "how many before": "How many letters come before this one: its place when all are sorted.",
    "place": "Each place takes the letter that belongs there.",
    "count": "Each letter looks at its like and counts them.",
    "length": "How many letters there are, from the share of one.",
    "flip": "Each place looks at its opposite one.",
}
