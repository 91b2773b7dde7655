"""From a text, or words with their counts, to a tokenizer of one of six algorithms, with what was learnt on the way.

Defaults are those of the best-known use of each algorithm: BPE in small letters with </w>, byte-level BPE as GPT-2,
WordPiece as BERT, Unigram with NFKC and ▁.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from byhand.decoding import json_value
from byhand.errors import ByhandError, quoted
from byhand.files import read_bytes
from byhand.text_encoding import decode
from byhand.tokenizers import bpe_training, decoding, normalization, splitting, unigram_training, wordpiece_training
from byhand.tokenizers.bpe import Bpe
from byhand.tokenizers.bpe_training import END, EndOfWord, LearnedBpe, Ties
from byhand.tokenizers.byte_map import LETTER_OF_BYTE
from byhand.tokenizers.encoding import Model
from byhand.tokenizers.letters import Letters
from byhand.tokenizers.normalization import Normalizer
from byhand.tokenizers.splitting import Splitter
from byhand.tokenizers.tokenizer import Tokenizer
from byhand.tokenizers.unigram import Unigram
from byhand.tokenizers.unigram_training import LearnedUnigram
from byhand.tokenizers.whole import Characters, WholeWords
from byhand.tokenizers.wordpiece import WordPiece
from byhand.tokenizers.wordpiece_training import LearnedWordPiece

Algorithm = Literal["words", "chars", "bpe", "bpe-bytes", "wordpiece", "unigram"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
UNKNOWN = {"wordpiece": "[UNK]"}
"""What the unknown piece is called, where it is not <unk>."""
MERGES = 10
"""How many merges are learnt where nothing is said."""
MOST_BYTES, LONGEST_LINE = 20_000_000, 2_000_000
"""The most bytes of a text, and the most letters of a line, which is split into words at once, with all its letters."""
MOST_MERGES = 1_000_000
MOST_COUNT = 10**12
MOST_LETTERS = {"unigram": 200_000, "bpe": 2_500_000, "bpe-bytes": 2_500_000, "wordpiece": 2_500_000}
"""The most letters of all different words together, for which an algorithm takes no more than about a minute."""


@dataclass(frozen=True)
class Trained:
    """What was learnt from words and their counts, and the tokenizer that it makes.

    vocabulary: the pieces in the order of their ids. After them come the ids of letters that have none by themselves,
    as they only occur at a word's end, and of the unknown piece.
    """

    algorithm: Algorithm
    counts: tuple[tuple[str, int], ...]
    vocabulary: tuple[str, ...]
    tokenizer: Tokenizer
    learned: LearnedBpe | LearnedWordPiece | LearnedUnigram | None = None
    end_of_word: EndOfWord = "none"
    ties: Ties = "first"

    @property
    def merges(self) -> tuple[tuple[str, str], ...]:
        """The merges in the order learnt, for BPE and WordPiece."""
        return self.learned.merges if isinstance(self.learned, LearnedBpe | LearnedWordPiece) else ()


def read_text(path: Path) -> str:
    """Return the text of a file. Raises ByhandError for one that is too large, a folder, or not there."""
    if not os.path.isfile(path):  # unlike Path.is_file, never raises
        raise ByhandError(f"There is no file {path} to train on: give a text file.")
    return decode(read_bytes(path, "text to train on", MOST_BYTES, "train on a part of it")).text


def read_counts(given: str) -> list[tuple[str, int]]:
    """Return the words and counts of JSON, [["low", 5], ...], or of a file with it. ByhandError for another content."""
    path = "--word-counts" if given.lstrip().startswith(("[", "{")) else given
    text = given if path != given else read_text(Path(given))
    fix = 'give words and their counts as [["low", 5], ["lower", 2]]'
    listed = json_value(text.encode("utf-8", "surrogatepass"), path, fix)
    if isinstance(listed, dict):
        listed = [[word, count] for word, count in listed.items()]
    counts: dict[str, int] = {}
    for entry in listed if isinstance(listed, list) else [None]:
        word, count = entry if isinstance(entry, list) and len(entry) == 2 else (None, None)
        if not isinstance(word, str) or type(count) is not int or not 0 <= count <= MOST_COUNT:
            raise ByhandError(
                f"{path} has the entry {quoted(entry)}, which is no word with its count from 0 to {MOST_COUNT:,}: "
                'give [["low", 5], ["lower", 2]].'
            )
        counts[word] = counts.get(word, 0) + count
    return [(word, count) for word, count in counts.items() if word and count]


def train(
    text: str,
    algorithm: Algorithm,
    *,
    merges: int | None = None,
    vocabulary: int | None = None,
    end_of_word: EndOfWord | None = None,
    ties: Ties | None = None,
    keep_case: bool = False,
    all_ties: bool = True,
) -> Trained:
    """Learn a tokenizer from a text. merges or vocabulary: how many merges, or how many pieces in all.

    Words are counted line by line. Raises ByhandError for a text without words, more merges than there are pairs, or a
    vocabulary smaller than the letters.
    """
    if not text.split():
        bpe_training.check_counts(())
    marking = end_of_word or ("last" if algorithm == "bpe" else "none")
    normalize, split = _stages(algorithm, keep_case)
    counts: dict[str, int] = {}
    for n, line in enumerate(text.splitlines(keepends=algorithm == "chars"), 1):
        if len(line) > LONGEST_LINE:
            raise ByhandError(
                f"Line {n:,} has {len(line):,} letters, more than the {LONGEST_LINE:,} that are split at once: "
                "cut it into lines."
            )
        for word in split(normalize(Letters.typed(line))):
            counts[word.text] = counts.get(word.text, 0) + 1
    given = list(counts.items())
    stages = (normalize, split)
    return _train(given, algorithm, merges, vocabulary, marking, ties or "ids", stages, all_ties, whole_alphabet=True)


def train_on_counts(
    counts: Sequence[tuple[str, int]],
    algorithm: Algorithm,
    *,
    merges: int | None = None,
    vocabulary: int | None = None,
    end_of_word: EndOfWord | None = None,
    ties: Ties | None = None,
    all_ties: bool = True,
) -> Trained:
    """Learn a tokenizer from words and their counts, as they are. The rest is as for a text.

    A text to encode is split at white space.
    """
    marking = end_of_word or ("last" if algorithm == "bpe" else "none")
    normalize, split = _stages(algorithm, keep_case=True)
    if algorithm == "bpe-bytes":
        counts = [(splitting.in_bytes(Letters.typed(word)).text, count) for word, count in counts]
    elif algorithm != "chars":
        normalize, split = normalization.unchanged, splitting.at_spaces
    stages = (normalize, split)
    return _train(counts, algorithm, merges, vocabulary, marking, ties or "first", stages, all_ties)


def _stages(algorithm: Algorithm, keep_case: bool) -> tuple[Normalizer, Splitter]:
    """Return how the texts of an algorithm are normalized and split."""
    if algorithm == "bpe":
        return normalization.unchanged if keep_case else normalization.lower_case, splitting.words_and_signs
    if algorithm == "bpe-bytes":
        return normalization.unchanged, splitting.for_byte_level(add_prefix_space=False)
    if algorithm == "wordpiece":
        return normalization.bert(True, True, None, lowercase=not keep_case), splitting.for_bert
    if algorithm == "unigram":
        return normalization.normal_form("NFKC"), splitting.for_metaspace()
    return normalization.unchanged, splitting.whole if algorithm == "chars" else splitting.words_and_signs


def _train(
    counts: Sequence[tuple[str, int]],
    algorithm: Algorithm,
    merges: int | None,
    vocabulary: int | None,
    end_of_word: EndOfWord,
    ties: Ties,
    stages: tuple[Normalizer, Splitter],
    all_ties: bool,
    whole_alphabet: bool = False,
) -> Trained:
    bpe_training.check_counts(counts)
    _check(algorithm, merges, vocabulary, end_of_word)
    letters_in_all = sum(len(word) for word, _ in counts)
    if letters_in_all > MOST_LETTERS.get(algorithm, letters_in_all):
        raise ByhandError(
            f"The different words have {letters_in_all:,} letters together, more than the {MOST_LETTERS[algorithm]:,} "
            f"from which {algorithm} is learnt: give a shorter text."
        )
    letters = sorted({letter for word, _ in counts for letter in word})
    learned: LearnedBpe | LearnedWordPiece | LearnedUnigram | None = None
    if algorithm in ("bpe", "bpe-bytes"):
        alphabet = list(LETTER_OF_BYTE.values()) if algorithm == "bpe-bytes" else letters if whole_alphabet else []
        alphabet.sort()
        words = [bpe_training.symbols_of(word, end_of_word) for word, _ in counts]
        first = bpe_training.initial_symbols(words, alphabet)
        learned = bpe_training.learn(
            counts, _merges(len(first), merges, vocabulary), end_of_word, ties, first, all_ties
        )
        pieces = learned.vocabulary
    elif algorithm == "wordpiece":
        first = tuple({piece for word, _ in counts for piece in wordpiece_training.pieces_of(word)})
        learned = wordpiece_training.learn(counts, _merges(len(first), merges, vocabulary))
        pieces = learned.vocabulary
    elif algorithm == "unigram":
        size = len(letters) + 2 * MERGES if vocabulary is None else vocabulary
        if size < len(letters):
            _too_small(size, len(letters))
        learned = unigram_training.learn(counts, size)
        if vocabulary is not None and len(learned.scores) < size:
            raise ByhandError(
                f"The text has only {len(learned.scores)} pieces to choose from (its letters, and what occurs twice or "
                f"more): ask for a vocabulary of at most {len(learned.scores)}."
            )
        pieces = tuple(piece for piece, _ in learned.scores)
    else:
        pieces = _whole(counts, letters, algorithm, vocabulary)
    if isinstance(learned, LearnedBpe | LearnedWordPiece) and learned.exhausted:
        _refuse_more_merges(learned)
    more = letters if algorithm == "bpe" else []
    tokenizer = _tokenizer(algorithm, tuple(dict.fromkeys([*pieces, *more])), learned, end_of_word, stages)
    return Trained(algorithm, tuple(counts), pieces, tokenizer, learned, end_of_word, ties)


def _check(algorithm: Algorithm, merges: int | None, vocabulary: int | None, end_of_word: EndOfWord) -> None:
    if merges is not None and vocabulary is not None:
        raise ByhandError("Give --merges or --vocab, not both.")
    if merges is not None and algorithm in ("words", "chars", "unigram"):
        raise ByhandError(f"The algorithm {algorithm} learns no merges: give --vocab in place of --merges.")
    for name, value in (("--merges", merges), ("--vocab", vocabulary)):
        if value is not None and not 0 <= value <= MOST_MERGES:
            raise ByhandError(f"{name} must be a number from 0 to {MOST_MERGES:,}, not {value}.")
    if end_of_word != "none" and algorithm != "bpe":
        raise ByhandError(f"--end-of-word is of the algorithm bpe; {algorithm} marks no word's end: leave it out.")


def _merges(letters: int, merges: int | None, vocabulary: int | None) -> int:
    """Return how many merges are learnt."""
    if vocabulary is None:
        return MERGES if merges is None else merges
    if vocabulary < letters:
        _too_small(vocabulary, letters)
    return vocabulary - letters


def _too_small(vocabulary: int, letters: int) -> None:
    raise ByhandError(
        f"A vocabulary of {vocabulary} is smaller than the {letters} letters of the text, with their marks: "
        f"ask for {letters} or more."
    )


def _refuse_more_merges(learned: LearnedBpe | LearnedWordPiece) -> None:
    count = len(learned.steps)
    if not count:
        raise ByhandError(
            "There is no pair to merge, as no word has two letters: ask for 0 merges, or give other words."
        )
    last = learned.steps[-1].pair
    raise ByhandError(
        f"No pair is left after merge {count} ({last[0]} {last[1]}), as each word is one piece: ask for "
        f"{count} or fewer, or a vocabulary of {len(learned.vocabulary)} or fewer."
    )


def _whole(
    counts: Sequence[tuple[str, int]], letters: list[str], algorithm: Algorithm, vocabulary: int | None
) -> tuple[str, ...]:
    """Return the vocabulary of letters, or of words, the most frequent first."""
    if algorithm == "chars":
        if vocabulary is not None and vocabulary < len(letters):
            _too_small(vocabulary, len(letters))
        return tuple(letters)
    ordered = sorted(counts, key=lambda each: -each[1])
    return tuple(word for word, _ in ordered[:vocabulary])


def _tokenizer(
    algorithm: Algorithm,
    pieces: tuple[str, ...],
    learned: LearnedBpe | LearnedWordPiece | LearnedUnigram | None,
    end_of_word: EndOfWord,
    stages: tuple[Normalizer, Splitter],
) -> Tokenizer:
    unknown = UNKNOWN.get(algorithm, "<unk>")
    ids = {piece: n for n, piece in enumerate(pieces)}
    if algorithm != "bpe-bytes":
        ids.setdefault(unknown, len(ids))
    suffix = END if end_of_word != "none" else ""
    model: Model
    decoder: decoding.Decoder = decoding.with_spaces
    if algorithm == "words":
        model = WholeWords(ids, unknown)
    elif algorithm == "chars":
        model, decoder = Characters(ids, unknown), decoding.fused
    elif algorithm == "wordpiece":
        model, decoder = WordPiece(ids, unknown=unknown), decoding.for_wordpiece("##", cleanup=False)
    elif isinstance(learned, LearnedUnigram):
        lowest = min(score for _, score in learned.scores)
        model = Unigram((*learned.scores, (unknown, lowest)), unknown=len(learned.scores))
        decoder = decoding.from_metaspace(splitting.META, in_front=True)
    else:
        merges = learned.merges if learned else ()
        by_bytes = algorithm == "bpe-bytes"
        model = Bpe(ids, merges, suffix, end_of_word == "own", unknown=None if by_bytes else unknown)
        if by_bytes or suffix:
            decoder = decoding.from_bytes if by_bytes else decoding.by_end_of_word(suffix)
    normalize, split = stages
    return Tokenizer(model, normalize, split, decoder, about=_about(algorithm, stages))


def _about(algorithm: Algorithm, stages: tuple[Normalizer, Splitter]) -> dict[str, str]:
    """Return what each stage does, for people."""
    normalize, split = stages
    named: dict[Callable[..., object], str] = {
        splitting.words_and_signs: "at white space, and between words and signs",
        splitting.at_spaces: "at white space",
        splitting.for_bert: "at white space and around each punctuation mark",
        splitting.whole: "not at all",
    }
    splits = {"bpe-bytes": "by GPT-2's pattern, then each byte as a letter", "unigram": "before each space, which is ▁"}
    changes = {"wordpiece": "BERT's: small letters, no accents", "unigram": "NFKC"}
    unchanged, lower = normalize is normalization.unchanged, normalize is normalization.lower_case
    return {
        "algorithm": algorithm,
        "normalized": "not at all" if unchanged else "small letters" if lower else changes.get(algorithm, ""),
        "split": named.get(split) or splits.get(algorithm, ""),
    }
