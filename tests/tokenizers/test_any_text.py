"""Any text of Unicode: what is encoded can be decoded, and our encoder agrees with the libraries on random models."""

from __future__ import annotations

import io
import json
import random
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tokenizer_oracles import DATA, stored

from byhand.tokenizers import sentencepiece
from byhand.tokenizers.hugging_face import _by_library
from byhand.tokenizers.settings import tokenizer_of
from byhand.tokenizers.tokenizer import Tokenizer
from byhand.tokenizers.training import train

LINES = (DATA / "training_text.txt").read_text("utf-8").splitlines()
BYTES = tokenizer_of(stored("bpe_bytelevel.tokenizer"))
POOL = (
    "abc dé |the mill |éèñ |你好世界|مرحبا|שלום|😀👍🏽‍👩|\u0301\u0308|\t\n\r\u00a0\u2028|１２Ⅷ½|ﬁﬂ|İıßẞ|가각힣|क्षि|"
    "\x00\x07\x1c\x1f\ufeff|'s 'll don't |▁▁ |¡Ġ|\u0345Σς|\u200d\u200c|!?.,;|ぱパﾞ"
).split("|")


def random_text(random_: random.Random) -> str:
    text = ""
    while len(text) < random_.randint(0, 40):
        kind = random_.random()
        if kind < 0.3:
            text += random_.choice(random_.choice(LINES).split()) + random_.choice([" ", "  ", ""])
        elif kind < 0.9:
            text += random_.choice(random_.choice(POOL))
        else:
            text += chr(random_.choice([random_.randrange(0xD800), random_.randrange(0xE000, 0x110000)]))
    return text


def check_places(tokenizer: Tokenizer, text: str) -> None:
    got = tokenizer.encode(text)
    assert all(0 <= start <= end <= len(text) for start, end in got.offsets)
    assert list(got.offsets) == sorted(got.offsets)


@settings(max_examples=50)
@given(st.text())
def test_bytes_give_any_text_back(text: str) -> None:
    assert BYTES.encode(text).decoded == text
    check_places(BYTES, text)


@given(st.text())
def test_letters_give_the_text_that_they_were_learnt_from_back(text: str) -> None:
    if text.split():  # a text of blanks teaches nothing, and is refused
        assert train(text, "chars").tokenizer.encode(text).decoded == text


@given(st.text(min_size=1))
def test_unigram_gives_the_normalized_text_back(text: str) -> None:
    """A vocabulary with all letters of the text has nothing unknown; ▁ and a space are one letter to it."""
    tokenizer = tokenizer_of(
        stored("unigram.tokenizer")
        | {
            "model": {
                "type": "Unigram",
                "unk_id": 0,
                "vocab": [["<unk>", 0.0]]
                + [[letter, -3.0] for letter in sorted({*unicodedata.normalize("NFKC", text), "▁"} - {" "})],
            }
        }
    )
    got = tokenizer.encode(text)
    if "<unk>" not in text:
        written = got.normalized.replace("▁", " ")
        assert f" {got.decoded}" in (written, f" {written}") or written.startswith(" ")
    check_places(tokenizer, text)


@pytest.mark.slow
def test_a_hundred_thousand_letters() -> None:
    text = "".join(random.Random(4).choices("ab é你😀\u0301שלום\n\x07 ", k=100_000))
    assert BYTES.encode(text).decoded == text
    model = sentencepiece.read(DATA / "sentencepiece_unigram.model")
    assert model.encode("a" * 20_000).decoded == "a" * 20_000


def library_model(T: Any, random_: random.Random) -> Any:  # the library
    """A tokenizer of random settings, trained by the library."""
    m, p, n, d, t = T.models, T.pre_tokenizers, T.normalizers, T.decoders, T.trainers
    quiet: dict[str, Any] = {"show_progress": False, "special_tokens": ["<unk>", "<s>", "</s>"]}
    kind = random_.choice(["bpe", "bytes", "wordpiece", "unigram", "fallback"])
    normalizers = [None, n.Lowercase(), n.NFC(), n.NFD(), n.NFKC(), n.NFKD(), n.StripAccents(), n.BertNormalizer()]
    if kind == "bpe":
        made = T.Tokenizer(m.BPE(unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=random_.random() < 0.5))
        made.pre_tokenizer = random_.choice([p.Whitespace(), p.WhitespaceSplit(), p.BertPreTokenizer()])
        made.normalizer, made.decoder = random_.choice(normalizers), d.BPEDecoder()
        trainer = t.BpeTrainer(vocab_size=random_.randint(100, 300), end_of_word_suffix="</w>", **quiet)
    elif kind == "bytes":
        made = T.Tokenizer(m.BPE())
        digits = p.Sequence([p.Digits(individual_digits=True), p.ByteLevel(add_prefix_space=False)])
        made.pre_tokenizer = random_.choice([p.ByteLevel(add_prefix_space=random_.random() < 0.5), digits])
        made.decoder = d.ByteLevel()
        made.post_processor = T.processors.ByteLevel(
            trim_offsets=random_.random() < 0.7, add_prefix_space=random_.random() < 0.5
        )
        trainer = t.BpeTrainer(vocab_size=400, initial_alphabet=p.ByteLevel.alphabet(), **quiet)
    elif kind == "wordpiece":
        made = T.Tokenizer(m.WordPiece(unk_token="<unk>", max_input_chars_per_word=random_.choice([5, 100])))
        made.normalizer, made.pre_tokenizer = n.BertNormalizer(lowercase=random_.random() < 0.5), p.BertPreTokenizer()
        made.decoder = d.WordPiece()
        trainer = t.WordPieceTrainer(vocab_size=400, **quiet)
    else:
        unigram = kind == "unigram"
        model = m.Unigram() if unigram else m.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True)
        made = T.Tokenizer(model)
        made.normalizer = random_.choice([None, n.NFKC(), n.Sequence([n.Strip(), n.NFC()])])
        scheme, split = random_.choice(["always", "first", "never"]), random_.random() < 0.5
        made.pre_tokenizer, made.decoder = p.Metaspace(prepend_scheme=scheme, split=split), d.Metaspace()
        if unigram:
            trainer = t.UnigramTrainer(vocab_size=300, unk_token="<unk>", **quiet)
        else:
            quiet["special_tokens"] = [*quiet["special_tokens"], *(f"<0x{byte:02X}>" for byte in range(256))]
            trainer = t.BpeTrainer(vocab_size=600, **quiet)
    made.train_from_iterator([*LINES, *(random_text(random_) for _ in range(20))], trainer)
    made.add_tokens([T.AddedToken("mill", single_word=random_.random() < 0.5, lstrip=random_.random() < 0.5)])
    return made


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_our_encoder_agrees_with_the_library(seed: int) -> None:
    """Pieces, ids, offsets, segments and decoded texts, of one text and of two, on models of random settings."""
    library = pytest.importorskip("tokenizers")
    random_ = random.Random(seed)
    for _ in range(8):
        theirs = library_model(library, random_)
        ours = tokenizer_of(json.loads(theirs.to_str()), _by_library)
        for _ in range(60):
            text, pair = random_text(random_), random_.choice([None, None, random_text(random_)])
            want, got = theirs.encode(text, pair), ours.encode(text, pair, special=True)
            about = (theirs.to_str()[:400], text, pair)
            assert (want.tokens, want.ids) == (list(got.tokens), list(got.ids)), about
            assert (want.offsets, want.type_ids) == (list(got.offsets), list(got.segments)), about
            assert theirs.decode(want.ids, skip_special_tokens=False) == got.decoded, about


def test_bytes_of_neighbouring_unknown_letters_have_one_place() -> None:
    """As the library (0.22) gives it for this file and text, by its Unigram with byte_fallback."""
    vocab = [["<unk>", 0.0], ["▁", -2.0], ["▁the", -3.0], *([f"<0x{byte:02X}>", -9.0] for byte in range(256))]
    model = {"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": True}
    splitter = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    got = tokenizer_of({"model": model, "pre_tokenizer": splitter}, _by_library).encode("the dé")
    assert list(got.tokens) == ["▁the", "▁", "<0x64>", "<0xC3>", "<0xA9>"]
    assert list(got.offsets) == [(0, 3), (3, 4), (4, 6), (4, 6), (4, 6)]


def test_our_encoder_agrees_with_sentencepiece() -> None:
    """Where that library is installed: its normalizations, byte pieces, own symbols and marks at a word's end."""
    library = pytest.importorskip("sentencepiece")
    random_ = random.Random(1)
    for n in range(6):
        written = io.BytesIO()
        library.SentencePieceTrainer.train(
            sentence_iterator=iter([*LINES * 2, *(random_text(random_) for _ in range(20))]),
            model_writer=written,
            model_type=("unigram", "bpe")[n % 2],
            vocab_size=450,
            hard_vocab_limit=False,
            normalization_rule_name=("nmt_nfkc", "identity", "nfkc_cf")[n % 3],
            add_dummy_prefix=n % 4 != 3,
            remove_extra_whitespaces=n % 3 != 1,
            byte_fallback=n in (1, 2),
            user_defined_symbols=["<x>", "mill"] if n > 2 else [],
            treat_whitespace_as_suffix=n == 5,
            minloglevel=9,
        )
        theirs = library.SentencePieceProcessor(model_proto=written.getvalue())
        ours = sentencepiece.tokenizer_of(sentencepiece.parse(written.getvalue()))
        for _ in range(60):
            text = random_text(random_)
            got = ours.encode(text)
            assert theirs.encode(text, out_type=str) == list(got.tokens), (n, text)
            assert theirs.encode(text) == list(got.ids), (n, text)
            assert theirs.decode(list(got.ids)) == got.decoded, (n, text)
            check_places(ours, text)
