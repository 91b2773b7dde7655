"""The time of learning merges beside the tokenizers library's own trainer; encoding is linear in the text."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import answer
from support.token_folders import large
from support.tokenizer_oracles import DATA, stored

from byhand.processes import Limits
from byhand.tokenizers import sentencepiece
from byhand.tokenizers.settings import tokenizer_of
from byhand.tokenizers.training import train
from byhand.xlsx.recalculate import convert, installed

pytestmark = pytest.mark.benchmark
LINES = (DATA / "training_text.txt").read_text("utf-8").splitlines()


def text_of(size: int) -> str:
    """A text of so many letters, with many different words."""
    random_ = random.Random(1)
    words = [word for line in LINES for word in line.split()]
    made: list[str] = []
    length = 0
    while length < size:
        word = random_.choice(words)
        if random_.random() < 0.3:
            cut = random_.randrange(len(word))
            word = word[:cut] + random_.choice(words)[cut:]
        made.append(word + ("\n" if random_.random() < 0.1 else " "))
        length += len(made[-1])
    return "".join(made)[:size]


def seconds(work: Callable[[], Any], times: int = 3) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


@pytest.mark.parametrize("algorithm", ["bpe", "bpe-bytes"])
def test_500_merges_on_100_kb_take_less_than_10_times_the_librarys_trainer(algorithm: Any, ratio: Any) -> None:
    library = pytest.importorskip("tokenizers")
    text = text_of(100_000)
    pre, trainers = library.pre_tokenizers, library.trainers

    def theirs() -> None:
        by_bytes = algorithm == "bpe-bytes"
        made = library.Tokenizer(library.models.BPE(**({} if by_bytes else {"end_of_word_suffix": "</w>"})))
        made.pre_tokenizer = pre.ByteLevel(add_prefix_space=False) if by_bytes else pre.Whitespace()
        made.normalizer = None if by_bytes else library.normalizers.Lowercase()
        settings = {"initial_alphabet": pre.ByteLevel.alphabet()} if by_bytes else {"end_of_word_suffix": "</w>"}
        trainer = trainers.BpeTrainer(vocab_size=1000, show_progress=False, **settings)
        made.train_from_iterator(text.splitlines(), trainer)

    ours = seconds(lambda: train(text, algorithm, merges=500))
    library_time = seconds(theirs)
    print(f"\n{algorithm}: ours {ours:.3f} s, the library's {library_time:.3f} s, {ours / library_time:.1f} times")
    ratio(f"500 merges of {algorithm} / the library's trainer", ours / library_time, 10.0)
    assert ours < 10 * library_time


def processor_time(work: Callable[[], Any]) -> float:
    """The least processor time of some rounds, without that of the collector, whose work grows with all there is."""
    taken = []
    gc.disable()
    try:
        for _ in range(3):
            start = time.process_time()
            work()
            taken.append(time.process_time() - start)
    finally:
        gc.enable()
    return min(taken)


def test_encoding_is_linear_in_the_text(ratio: Any) -> None:
    tokenizers = {name: tokenizer_of(stored(f"{name}.tokenizer")) for name in ("bpe_bytelevel", "wordpiece", "unigram")}
    for kind in ("bpe", "unigram"):
        tokenizers[kind] = sentencepiece.read(DATA / f"sentencepiece_{kind}.model")
    for name, tokenizer in tokenizers.items():
        for make in (text_of, lambda size: "a" * size, lambda size: "ab" * (size // 2)):
            short, long = (make(size) for size in (20_000, 200_000))
            growth = processor_time(lambda: tokenizer.encode(long)) / processor_time(lambda: tokenizer.encode(short))  # noqa: B023
            ratio(f"encoding by {name}, of ten times the text", growth, 15.0)
            print(f"{name}: ten times the text takes {growth:.1f} times as long")
            assert growth < 15


def test_a_folder_with_128_000_words_makes_a_book_that_opens_soon(tmp_path: Path) -> None:
    folder, path = large(tmp_path, 128_000), tmp_path / "book.xlsx"
    made = seconds(lambda: answer(f"byhand workbook {folder} --prompt 'the old' -o {path}"), 1)
    print(f"\nmade in {made:.1f} s, {path.stat().st_size:,} bytes")
    assert made < 20
    assert path.stat().st_size < 10_000_000
    if installed("libreoffice"):
        opened = seconds(lambda: convert([path], "pdf", tmp_path / "fresh", Limits(60, 4_000_000_000)), 1)
        print(f"opened in LibreOffice, recalculated and printed in {opened:.1f} s")
        assert (tmp_path / "fresh" / "book.pdf").exists()
        assert opened < 20
