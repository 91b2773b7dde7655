"""What `byhand tokenize` prints: the stages of a text's way to ids, and what was learnt."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from rich import box
from rich.table import Table

from byhand.cli.terminal import render, wrap
from byhand.tokenizers.bpe import Bpe
from byhand.tokenizers.bpe_training import LearnedBpe, rounds
from byhand.tokenizers.encoding import Encoding
from byhand.tokenizers.sentencepiece import ScoredBpe
from byhand.tokenizers.tokenizer import Tokenizer
from byhand.tokenizers.training import Trained
from byhand.tokenizers.unigram import Unigram
from byhand.tokenizers.unigram_training import LearnedUnigram
from byhand.tokenizers.wordpiece import WordPiece
from byhand.tokenizers.wordpiece_training import LearnedWordPiece

MOST_ROWS = 200
"""The most rows of a table; --json has all."""
MOST_WORDS = 20
LONGEST_WORD = 60
"""The most words, and the most letters of a word, whose steps are shown."""
MOST_PAIRS = 12


def encoding_json(encoding: Encoding) -> dict[str, Any]:
    """Return an encoding for programs."""
    return {
        "tokens": list(encoding.tokens),
        "ids": list(encoding.ids),
        "offsets": [list(offset) for offset in encoding.offsets],
        "decoded": encoding.decoded,
    }


def training_json(trained: Trained) -> dict[str, Any]:
    """Return what was learnt for programs. Unigram has its scores too."""
    learned = trained.learned
    steps = learned.steps if isinstance(learned, LearnedBpe | LearnedWordPiece) else ()
    values: dict[str, Any] = {
        "merges": [list(pair) for pair in trained.merges],
        "steps": [
            {"pair": list(step.pair), "count": step.count, "tied_with": [list(pair) for pair in step.tied_with]}
            for step in steps
        ],
        "vocabulary": list(trained.vocabulary),
    }
    if isinstance(learned, LearnedUnigram):
        values["scores"] = [score for _, score in learned.scores]
    return values


def _shown(text: str) -> str:
    """Return a text without what would break a line: control characters and the like as \\n or \\x1b."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _cut(text: str, most: int = 300) -> str:
    text = _shown(text)
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} letters)"


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False)
    for column in columns:
        numeric = column.lower() in ("id", "no", "count", "score", "ties")
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    return table


def show_encoding(tokenizer: Tokenizer, text: str, pair: str | None, encoding: Encoding, steps: bool) -> str:
    """Return the stages of an encoding: the text, normalized, split, in pieces with ids, and decoded."""
    about = tokenizer.about
    typed = [text] if pair is None else [text, pair]
    lines = [wrap("Text        ", _cut(" / ".join(typed)) or "(empty)")]
    lines.append(wrap("Normalized  ", f"{_cut(encoding.normalized)}{_how(about.get('normalized', ''))}"))
    words = " | ".join(map(_shown, encoding.words[:MOST_ROWS]))
    lines.append(wrap("Split       ", f"{_cut(words)}{_how(about.get('split', ''))}"))
    lines.append(wrap("Pieces      ", _cut(" ".join(encoding.tokens[:MOST_ROWS])) or "none"))
    lines.append(wrap("Ids         ", _cut(" ".join(map(str, encoding.ids[:MOST_ROWS]))) or "none"))
    parts: list[Any] = ["\n".join(lines)]
    if encoding.tokens:
        parts += ["", _pieces(text if pair is None else None, encoding)]
        if len(encoding.tokens) > MOST_ROWS:
            parts.append(f"... and {len(encoding.tokens) - MOST_ROWS:,} more pieces, which --json lists")
    parts += ["", wrap("Decoded     ", _cut(encoding.decoded) or "(empty)")]
    words_typed = max(1, len(text.split()))
    if encoding.tokens:
        each = len(encoding.tokens) / words_typed
        letters = sum(map(len, typed))
        parts.append(
            f"            {_count(len(encoding.tokens), 'piece')} for {_count(letters, 'letter')}, {each:.2f} a word"
        )
    if encoding.score is not None:
        parts.append(f"            score {encoding.score:.6f}, the log of the product of the pieces' probabilities")
    if steps:
        parts += ["", *_steps(tokenizer, text)]
    return render(*parts)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _how(what: str) -> str:
    return f"   ({what})" if what else ""


def _pieces(text: str | None, encoding: Encoding) -> Table:
    table = _table("No", "Piece", "Id", "Letters", "Stands for")
    rows = zip(encoding.tokens, encoding.ids, encoding.offsets, strict=True)
    for n, (token, id_, (start, end)) in enumerate(rows):
        if n == MOST_ROWS:
            break
        stands = "special token" if n in encoding.special and start == end else repr(text[start:end]) if text else ""
        table.add_row(str(n + 1), _shown(token), str(id_), f"{start}-{end}", stands)
    return table


def _steps(tokenizer: Tokenizer, text: str) -> Iterator[Any]:
    """Yield the steps of each word, the first time that it occurs."""
    _, parts = tokenizer.words(text)
    words = list(dict.fromkeys(word.text for word in parts))
    short = [word for word in words if len(word) <= LONGEST_WORD][:MOST_WORDS]
    for word in short:
        yield from _steps_of(tokenizer, word)
        yield ""
    if len(short) < len(words):
        yield f"The steps of {len(words) - len(short):,} more words are not shown: give them by themselves."


def _steps_of(tokenizer: Tokenizer, word: str) -> Iterator[Any]:
    model = tokenizer.model
    yield f"Steps of {_shown(word)}"
    if isinstance(model, Bpe | ScoredBpe):
        table = _table("Merge", "Pair", "Symbols after it")
        for step in model.steps(word):
            merged = " + ".join(map(_shown, step.pair)) if step.pair else "the letters"
            table.add_row("" if step.rank is None else str(step.rank + 1), merged, " ".join(map(_shown, step.symbols)))
        yield table
    elif isinstance(model, WordPiece):
        table = _table("Rest", "Tried, the longest first", "Longest piece")
        for match in model.steps(word):
            tried = " ".join(match.tried[:MOST_PAIRS]) + (" ..." if len(match.tried) > MOST_PAIRS else "")
            table.add_row(_shown(match.rest), _shown(tried), _shown(match.piece or f"none: {model.unknown}"))
        yield table
    elif isinstance(model, Unigram):
        yield _lattice(model, word)
        path, score = model.best_path(word)
        yield f"Best path: {' + '.join(_shown(edge.text) for edge in path)} with the score {score:.6f}"
    else:
        yield "    " + " ".join(piece.text for piece in tokenizer.model.pieces(word))


def _lattice(model: Unigram, word: str) -> Table:
    table = _table("To", "Letter", "Pieces that end here: best before + score", "Best", "By", "Log of the sum")
    columns = model.lattice(word)
    for column in columns[1:]:
        edges = [
            f"{_shown(edge.text)}{'' if edge.known else ' (unknown)'}: "
            f"{columns[edge.start].best:.4f} + {edge.score:.4f} = {columns[edge.start].best + float(edge.score):.4f}"
            for edge in column.edges
        ]
        via = _shown(column.via.text) if column.via else ""
        letter = _shown(word[column.place - 1])
        table.add_row(str(column.place), letter, "\n".join(edges), f"{column.best:.4f}", via, f"{column.forward:.4f}")
    return table


def show_training(trained: Trained, steps: bool) -> str:
    """Return what was learnt: the merges with their counts, or the pieces with their scores."""
    total = sum(count for _, count in trained.counts)
    parts: list[Any] = [
        f"Learnt from {_count(total, 'word')}, {len(trained.counts):,} of them different, by {trained.algorithm}"
    ]
    learned = trained.learned
    if isinstance(learned, LearnedBpe):
        rule = "the one counted first" if trained.ties == "first" else "the one with the smallest ids"
        parts += [f"Each merge joins the most frequent pair; of equally frequent ones {rule}.", "", _bpe(learned)]
        if steps:
            parts += _rounds(trained, learned)
    elif isinstance(learned, LearnedWordPiece):
        parts += [
            "Each merge joins the pair with the largest count(a b) / (count(a) · count(b)); of equal ones the first.",
            "",
            _wordpiece(learned),
        ]
    elif isinstance(learned, LearnedUnigram):
        parts += _unigram(learned, steps)
    pieces = trained.vocabulary
    more = f" ... and {len(pieces) - MOST_ROWS:,} more" if len(pieces) > MOST_ROWS else ""
    parts += ["", wrap(f"{_count(len(pieces), 'piece')}: ", " ".join(map(_shown, pieces[:MOST_ROWS])) + more, indent=4)]
    return render(*parts)


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    listed = [f"{_shown(a)} {_shown(b)}" for a, b in pairs]
    more = f", ... {len(listed) - MOST_PAIRS} more" if len(listed) > MOST_PAIRS else ""
    return ", ".join(listed[:MOST_PAIRS]) + more


def _bpe(learned: LearnedBpe) -> Table:
    table = _table("No", "Pair", "Count", "Becomes", "Tied with")
    for n, step in enumerate(learned.steps[:MOST_ROWS]):
        table.add_row(str(n + 1), _pairs([step.pair]), f"{step.count:,}", _shown(step.new), _pairs(step.tied_with))
    return table


def _rounds(trained: Trained, learned: LearnedBpe) -> Iterator[Any]:
    """Yield each round as a person writes it: the counts of pairs, the largest first, and the words after the merge."""
    for n, each in enumerate(rounds(learned, trained.counts, trained.end_of_word)):
        if n == MOST_WORDS:
            yield f"... and {len(learned.steps) - n:,} more rounds"
            return
        ordered = sorted(each.counts.items(), key=lambda entry: -entry[1])[:MOST_PAIRS]
        yield ""
        yield wrap(
            f"Round {n + 1}  ", "counts: " + ", ".join(f"{_shown(a)} {_shown(b)} {c:,}" for (a, b), c in ordered)
        )
        yield f"         merge {_pairs([each.step.pair])} into {_shown(each.step.new)}"
        words = [f"{_shown(' '.join(w))} ×{c:,}" for w, (_, c) in zip(each.words, trained.counts, strict=True)]
        more = f", ... {len(words) - MOST_PAIRS:,} more" if len(words) > MOST_PAIRS else ""
        yield wrap("         words: ", ", ".join(words[:MOST_PAIRS]) + more)


def _wordpiece(learned: LearnedWordPiece) -> Table:
    table = _table("No", "Pair", "Count", "Score", "Becomes", "Tied with")
    for n, step in enumerate(learned.steps[:MOST_ROWS]):
        score = f"{step.count}/({step.first_count}·{step.second_count}) = {float(step.score):.4g}"
        table.add_row(
            str(n + 1), _pairs([step.pair]), f"{step.count:,}", score, _shown(step.new), _pairs(step.tied_with)
        )
    return table


def _unigram(learned: LearnedUnigram, steps: bool) -> Iterator[Any]:
    for n, each in enumerate(learned.rounds):
        yield wrap(
            f"Round {n + 1}: ",
            f"loss {each.loss:.4f}; dropped {len(each.dropped):,} of {len(each.costs):,} pieces: "
            + _shown(" ".join(each.dropped[:MOST_PAIRS]))
            + (" ..." if len(each.dropped) > MOST_PAIRS else ""),
        )
        if steps:
            table = _table("Piece", "What dropping it adds to the loss")
            for piece, cost in sorted(each.costs.items(), key=lambda entry: -entry[1])[:MOST_WORDS]:
                table.add_row(_shown(piece), f"{cost:.4f}")
            yield table
    yield wrap("Loss after each step of EM: ", ", ".join(f"{loss:.4f}" for loss in learned.losses[-MOST_WORDS:]))
    yield ""
    table = _table("Id", "Piece", "Score", "Probability")
    for n, (piece, score) in enumerate(learned.scores[:MOST_ROWS]):
        table.add_row(str(n), _shown(piece), f"{score:.4f}", f"{math.exp(score):.6f}")
    yield table
