"""How pieces are learnt: against stored references, published examples and plain second implementations."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.tokenizer_oracles import DATA, best_score, bpe, cuts, stored, unigram_counts, wordpiece

from byhand.errors import ByhandError
from byhand.tokenizers import bpe_training, unigram_training, wordpiece_training
from byhand.tokenizers.bpe_training import EndOfWord, LearnedBpe
from byhand.tokenizers.training import ALGORITHMS, Trained, train, train_on_counts
from byhand.tokenizers.unigram import Unigram

TEXT = (DATA / "training_text.txt").read_text("utf-8")
HUGS = [("hug", 10), ("pug", 5), ("pun", 12), ("bun", 4), ("hugs", 5)]
LOWEST = [("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)]
FORMS: dict[EndOfWord, str] = {"own": "end_of_word_as_own_symbol", "last": "end_of_word_on_last_character"}


def bpe_of(trained: Trained) -> LearnedBpe:
    assert isinstance(trained.learned, LearnedBpe)
    return trained.learned


@pytest.mark.parametrize("end_of_word", FORMS)
def test_sennrichs_example(end_of_word: EndOfWord) -> None:
    """Every merge, count, tie and word of the stored run of Algorithm 1, and the encodings of new words."""
    reference = stored("bpe_sennrich")
    expected = reference[FORMS[end_of_word]]
    counts = [(word, count) for word, count in reference["word_counts"]]
    trained = train_on_counts(counts, "bpe", merges=10, end_of_word=end_of_word)
    learned = bpe_of(trained)
    assert [list(pair) for pair in trained.merges] == expected["merges"]
    assert list(trained.vocabulary) == expected["vocabulary"]
    assert list(learned.initial) == expected["initial_symbols"]
    for step, wanted in zip(learned.steps, expected["steps"], strict=True):
        assert (list(step.pair), step.count) == (wanted["pair"], wanted["count"])
        assert [list(pair) for pair in step.tied_with] == wanted["tied_with"]
    for each, wanted in zip(bpe_training.rounds(learned, counts, end_of_word), expected["steps"], strict=True):
        words = [{"symbols": list(word), "count": count} for word, (_, count) in zip(each.words, counts, strict=True)]
        assert words == wanted["words_after"]
    for word, pieces in expected["encodings"].items():
        assert list(trained.tokenizer.encode(word).tokens) == pieces


def test_the_two_trained_bpes_follow_from_the_text() -> None:
    """All 98 and 90 merges of the library's trainer, and each count and tie by the plain implementation."""
    for name, algorithm, count in (("bpe_char", "bpe", 98), ("bpe_bytelevel", "bpe-bytes", 90)):
        trained = train(TEXT, algorithm, merges=count)  # type: ignore[arg-type]  # a literal in a tuple
        assert [list(pair) for pair in trained.merges] == stored(name)["merges"]
        learned = bpe_of(trained)
        words = [bpe_training.symbols_of(word, trained.end_of_word) for word, _ in trained.counts]
        plain = bpe(words, list(trained.counts), count, list(learned.initial))
        assert [(s.pair, s.count, set(s.tied_with)) for s in learned.steps] == plain


def test_gages_example() -> None:
    """aaabdaaabac becomes X d X a c (Gage 1994), with aa first, whichever of the equal pairs comes second."""
    for ties, second in (("first", ("aa", "a")), ("ids", ("a", "b"))):
        trained = train_on_counts([("aaabdaaabac", 1)], "bpe", merges=3, end_of_word="none", ties=ties)  # type: ignore[arg-type]
        assert trained.merges[:2] == (("a", "a"), second)
        assert bpe_of(trained).words == ((("aaab", "d", "aaab", "a", "c"), 1),)


def test_the_course_of_hugging_face() -> None:
    """hug pug pun bun hugs: BPE's merges and counts, Unigram's counts and loss.

    For WordPiece the course has the first two joinings so; its third rests on 1/15 for hu ##g, which is 10/(15·15).
    """
    trained = train_on_counts(HUGS, "bpe", merges=3, end_of_word="none")
    assert [(s.pair, s.count) for s in bpe_of(trained).steps] == [(("u", "g"), 20), (("u", "n"), 16), (("h", "ug"), 15)]
    assert [trained.tokenizer.encode(word).tokens for word in ("bug", "mug", "unhug")] == [
        ("b", "ug"),
        ("<unk>", "ug"),
        ("un", "hug"),
    ]
    pieces = wordpiece_training.learn(HUGS, 3).steps
    assert [(step.pair, str(step.score)) for step in pieces] == [
        (("##g", "##s"), "1/20"),
        (("h", "##u"), "1/36"),
        (("hu", "##gs"), "1/15"),
    ]
    listed = "h u g hu ug p pu n un b bu s hug gs ugs".split()
    table = unigram_training.substrings(HUGS)
    assert [table[piece] for piece in listed] == [15, 36, 20, 15, 20, 17, 17, 16, 16, 4, 4, 5, 15, 5, 5]
    scores = unigram_training.scores_of({piece: table[piece] for piece in listed})
    assert math.exp(scores["ug"]) == pytest.approx(20 / 210)
    assert round(unigram_training.best_loss(HUGS, scores), 1) == 169.8


def random_counts(random_: random.Random, letters: str, words: int, longest: int) -> list[tuple[str, int]]:
    made = ("".join(random_.choices(letters, k=random_.randint(1, longest))) for _ in range(words))
    return [(word, random_.randint(1, 9)) for word in dict.fromkeys(made)]


def test_bpe_counts_as_one_that_counts_anew() -> None:
    """Counts that are kept up to date, with many ties and overlapping pairs, are those of a full count."""
    random_ = random.Random(1)
    for _ in range(60):
        counts = random_counts(random_, "abc", 12, 9)
        for end_of_word in ("own", "last", "none"):
            for ties in ("first", "ids"):
                learned = bpe_training.learn(counts, 30, end_of_word, ties)  # type: ignore[arg-type]
                words = [bpe_training.symbols_of(word, end_of_word) for word, _ in counts]  # type: ignore[arg-type]
                plain = bpe(words, counts, 30, list(learned.initial) if ties == "ids" else None)
                assert [(s.pair, s.count, set(s.tied_with)) for s in learned.steps] == plain


def test_wordpiece_learns_as_one_that_counts_anew() -> None:
    random_ = random.Random(2)
    for _ in range(60):
        counts = random_counts(random_, "abcd", 10, 7)
        learned = wordpiece_training.learn(counts, 20)
        assert [(s.pair, s.score, set(s.tied_with)) for s in learned.steps] == wordpiece(counts, 20)


def test_unigrams_sums_are_those_over_all_ways_to_cut() -> None:
    """Expected counts, loss, Viterbi's score and the cost of each dropping, against every way to cut each word."""
    random_ = random.Random(3)
    for _ in range(25):
        counts = random_counts(random_, "abc", 5, 7)
        table = unigram_training.substrings(counts)
        kept = [part for part in table if len(part) == 1 or random_.random() < 0.6]
        scores = unigram_training.scores_of({part: table[part] * random_.uniform(0.5, 2) for part in kept})
        step = unigram_training.em_step(counts, scores)
        expected, loss = unigram_counts(counts, scores)
        assert step.loss == pytest.approx(loss, rel=1e-12)
        assert step.expected == pytest.approx(expected, rel=1e-9, abs=1e-12)
        shares = {piece: share / sum(expected.values()) for piece, share in expected.items()}
        assert {p: math.exp(s) for p, s in step.scores.items()} == pytest.approx(
            {p: share for p, share in shares.items() if p in step.scores}, rel=1e-9
        )
        best = {word: best_score(word, scores) for word, _ in counts}
        assert unigram_training.best_loss(counts, scores) == pytest.approx(-sum(c * best[w] for w, c in counts))
        for piece, cost in unigram_training.dropping_costs(counts, scores).items():
            rest = {other: score for other, score in scores.items() if other != piece}
            wanted = sum(count * (best[word] - best_score(word, rest)) for word, count in counts)
            assert cost == pytest.approx(wanted, abs=1e-9)


def test_em_never_raises_the_loss() -> None:
    counts = [(word, count) for word, count in train(TEXT, "unigram", vocabulary=120).counts]
    scores = unigram_training.scores_of(
        {part: count for part, count in unigram_training.substrings(counts, 4).items() if count > 3 or len(part) == 1}
    )
    losses = []
    for _ in range(4):
        step = unigram_training.em_step(counts, scores)
        losses.append(step.loss)
        scores = step.scores
    assert losses == sorted(losses, reverse=True)


def test_the_lattices_forward_sum_is_that_of_all_paths() -> None:
    scores = {"a": -1.0, "b": -2.0, "ab": -1.5, "ba": -2.5, "aba": -4.0}
    model = Unigram(tuple(scores.items()), unknown=None)
    ways = cuts("abab", set(scores))
    assert model.lattice("abab")[-1].forward == pytest.approx(
        math.log(sum(math.exp(sum(scores[piece] for piece in way)) for way in ways))
    )
    assert model.best_path("abab")[1] == max(sum(scores[piece] for piece in way) for way in ways)


@given(st.sampled_from(ALGORITHMS), st.text("abcdé ,", min_size=1, max_size=60))
def test_what_is_learnt_from_a_text_writes_the_text(algorithm: str, text: str) -> None:
    """No piece of the text itself is unknown, and the words come back."""
    try:
        trained = train(text, algorithm, vocabulary=None, merges=None)  # type: ignore[arg-type]
    except ByhandError:  # too few pairs for ten merges, or no word at all
        assume(False)
    got = trained.tokenizer.encode(text)
    assert not {"<unk>", "[UNK]"} & set(got.tokens)
    assert len(set(trained.vocabulary)) == len(trained.vocabulary)
