"""A tokenizer from the settings in tokenizer.json: each of its parts as one of our functions.

Parts that this file does not name are given to `other`, which the tokenizers library does (see hugging_face); without
it they are refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from byhand.errors import ByhandError, quoted
from byhand.tokenizers import decoding, normalization, splitting
from byhand.tokenizers.bpe import Bpe
from byhand.tokenizers.decoding import Decoder
from byhand.tokenizers.encoding import Model
from byhand.tokenizers.normalization import Normalizer
from byhand.tokenizers.special import AddedToken, AddedTokens, Slot, Template
from byhand.tokenizers.splitting import META, Splitter
from byhand.tokenizers.tokenizer import Tokenizer
from byhand.tokenizers.unigram import Unigram
from byhand.tokenizers.whole import WholeWords
from byhand.tokenizers.wordpiece import WordPiece

MOST_IDS = 1 << 32
Settings = Mapping[str, Any]
Other = Callable[[str, Settings], Any]
"""What makes a normalizer, a splitter or a decoder of settings that are not ours: by the part's name."""


def refuse(part: str, settings: Settings) -> Any:
    """Raise ByhandError for a part that is not ours."""
    raise ByhandError(
        f"The tokenizer has a {part} of type {quoted(settings.get('type'))}, which byhand does not know: "
        "choose a tokenizer of BPE, WordPiece, Unigram or whole words."
    )


def tokenizer_of(settings: Settings, other: Other = refuse) -> Tokenizer:
    """Return the tokenizer of a tokenizer.json's contents.

    Raises ByhandError for a part of an unknown type; KeyError, TypeError or ValueError for settings that are damaged.
    """
    model = _model(settings["model"])
    post = settings.get("post_processor")
    return Tokenizer(
        model,
        _normalizer(settings.get("normalizer"), other),
        _splitter(settings.get("pre_tokenizer"), other),
        _decoder(settings.get("decoder"), other),
        AddedTokens(tuple(map(_added, settings.get("added_tokens") or ()))),
        _template(post, Template()) if post else Template(),
        about={
            "algorithm": _algorithm(settings),
            "normalized": _types(settings.get("normalizer"), "normalizers"),
            "split": _types(settings.get("pre_tokenizer"), "pretokenizers"),
        },
    )


def _algorithm(settings: Settings) -> str:
    kind = settings["model"].get("type")
    byte_level = "ByteLevel" in _types(settings.get("pre_tokenizer"), "pretokenizers")
    return f"byte-level {kind}" if byte_level else str(kind)


def _types(settings: Settings | None, list_name: str) -> str:
    """Return the types of a part, for people."""
    if not settings:
        return "not at all"
    if settings.get("type") == "Sequence":
        return ", then ".join(_types(each, list_name) for each in settings.get(list_name, ()))
    return str(settings.get("type"))


def _added(settings: Settings) -> AddedToken:
    flags = {name: bool(settings.get(name, False)) for name in ("normalized", "single_word", "lstrip", "rstrip")}
    return AddedToken(str(settings["content"]), int(settings["id"]), bool(settings.get("special", False)), **flags)


def _model(settings: Settings) -> Model:
    kind = settings.get("type") or ("BPE" if "merges" in settings else None)
    if kind == "BPE":
        if settings.get("dropout"):
            raise ByhandError("The tokenizer's BPE leaves out merges by chance (dropout): set dropout to null.")
        merges = [tuple(pair) if isinstance(pair, list) else tuple(pair.split(" ")) for pair in settings["merges"]]
        prefix = settings.get("continuing_subword_prefix") or ""
        ids, cut = _ids(settings["vocab"]), len(prefix)
        for pair in merges:
            if len(pair) != 2 or not (pair[0] in ids and pair[1] in ids and pair[0] + pair[1][cut:] in ids):
                raise ByhandError(
                    f"The tokenizer's merge {quoted(' '.join(pair))} is not of two pieces whose joined piece is in the "
                    "vocabulary: save the tokenizer again."
                )
        return Bpe(
            ids,
            merges,
            suffix=settings.get("end_of_word_suffix") or "",
            prefix=prefix,
            unknown=settings.get("unk_token"),
            fuse_unknown=bool(settings.get("fuse_unk")),
            byte_fallback=bool(settings.get("byte_fallback")),
            whole_first=bool(settings.get("ignore_merges")),
        )
    if kind == "WordPiece":
        prefix = settings.get("continuing_subword_prefix", "##")
        longest = settings.get("max_input_chars_per_word", 100)
        return WordPiece(_ids(settings["vocab"]), prefix, settings.get("unk_token", "[UNK]"), longest)
    if kind == "WordLevel":
        return WholeWords(_ids(settings["vocab"]), settings.get("unk_token"))
    if kind == "Unigram":
        scores = tuple((str(text), float(score)) for text, score in settings["vocab"])
        unknown = settings.get("unk_id")
        if not all(map(math.isfinite, (score for _, score in scores))):
            raise ValueError("a score is no finite number")
        if unknown is not None and not (type(unknown) is int and 0 <= unknown < len(scores)):
            raise ValueError("its unk_id is no id of a piece")
        return Unigram(scores, unknown, bool(settings.get("byte_fallback")))
    refuse("model", settings)
    raise AssertionError


def _ids(vocab: Any) -> dict[str, int]:
    if not isinstance(vocab, dict) or not all(type(n) is int and 0 <= n < MOST_IDS for n in vocab.values()):
        raise ValueError("its vocabulary must give each piece its id, a whole number from 0 on")
    return vocab


def _text(pattern: Any) -> str | None:
    """Return the text of a pattern that is one; None for a regular expression."""
    return pattern.get("String") if isinstance(pattern, dict) else str(pattern)


def _normalizer(settings: Settings | None, other: Other) -> Normalizer:
    if not settings:
        return normalization.unchanged
    kind = settings.get("type")
    if kind == "Sequence":
        return normalization.one_after_another([_normalizer(each, other) for each in settings["normalizers"]])
    if kind == "BertNormalizer":
        return normalization.bert(
            settings.get("clean_text", True),
            settings.get("handle_chinese_chars", True),
            settings.get("strip_accents"),
            settings.get("lowercase", True),
        )
    if kind in ("NFC", "NFD", "NFKC", "NFKD"):
        return normalization.normal_form(kind)
    if kind == "Strip":
        return normalization.strip(settings.get("strip_left", True), settings.get("strip_right", True))
    if kind == "Replace" and (old := _text(settings["pattern"])) is not None:
        return normalization.replace_text(old, settings["content"])
    if kind == "Prepend":
        return normalization.prepend(settings["prepend"])
    if kind in NORMALIZERS:
        return NORMALIZERS[kind]
    made: Normalizer = other("normalizer", settings)
    return made


NORMALIZERS: dict[str, Normalizer] = {
    "Lowercase": normalization.lower_case,
    "StripAccents": normalization.strip_marks,
}


def _splitter(settings: Settings | None, other: Other) -> Splitter:
    if not settings:
        return splitting.whole
    kind = settings.get("type")
    if kind == "Sequence":
        return splitting.one_after_another([_splitter(each, other) for each in settings["pretokenizers"]])
    if kind == "ByteLevel":
        return splitting.for_byte_level(settings.get("add_prefix_space", True), settings.get("use_regex", True))
    if kind == "Metaspace":
        return splitting.for_metaspace(
            settings.get("replacement", META), _scheme(settings), settings.get("split", True)
        )
    if kind in SPLITTERS:
        return SPLITTERS[kind]
    made: Splitter = other("pre_tokenizer", settings)
    return made


def _scheme(settings: Settings) -> splitting.Prepend:
    scheme = settings.get("prepend_scheme")
    if scheme is None:
        return "always" if settings.get("add_prefix_space", True) else "never"
    if scheme not in ("always", "first", "never"):
        raise ValueError("prepend_scheme must be always, first or never")
    named: splitting.Prepend = scheme
    return named


SPLITTERS: dict[str, Splitter] = {
    "Whitespace": splitting.words_and_signs,
    "WhitespaceSplit": splitting.at_spaces,
    "BertPreTokenizer": splitting.for_bert,
}


def _decoder(settings: Settings | None, other: Other) -> Decoder:
    if not settings:
        return decoding.with_spaces
    kind = settings.get("type")
    if kind == "Sequence":
        return decoding.one_after_another([_decoder(each, other) for each in settings["decoders"]])
    if kind == "BPEDecoder":
        return decoding.by_end_of_word(settings.get("suffix", "</w>"))
    if kind == "WordPiece":
        return decoding.for_wordpiece(settings.get("prefix", "##"), settings.get("cleanup", True))
    if kind == "Metaspace":
        return decoding.from_metaspace(settings.get("replacement", META), _scheme(settings) != "never")
    if kind == "Strip":
        return decoding.stripped(settings["content"], settings["start"], settings["stop"])
    if kind == "Replace" and (old := _text(settings["pattern"])) is not None:
        return decoding.replacing(old, settings["content"])
    if kind in DECODERS:
        return DECODERS[kind]
    made: Decoder = other("decoder", settings)
    return made


DECODERS: dict[str, Decoder] = {
    "ByteLevel": decoding.from_bytes,
    "ByteFallback": decoding.from_byte_pieces,
    "Fuse": decoding.fused,
}


def _template(settings: Settings, before: Template) -> Template:
    """Return the template of a post-processor, with what those before it in a sequence have set."""
    kind = settings.get("type")
    if kind == "Sequence":
        for each in settings["processors"]:
            before = _template(each, before)
        return before
    if kind == "TemplateProcessing":
        named = dict(settings["special_tokens"].items())
        single = tuple(_slot(each, named) for each in settings["single"])
        return Template(
            single, tuple(_slot(each, named) for each in settings["pair"]), before.trim, before.prefix_space
        )
    if kind == "ByteLevel":
        return Template(
            before.single, before.pair, settings.get("trim_offsets", True), settings.get("add_prefix_space", True)
        )
    if kind in ("BertProcessing", "RobertaProcessing"):
        sep, cls = (tuple(settings[name]) for name in ("sep", "cls"))
        roberta = kind == "RobertaProcessing"
        start, end = Slot("", 0, (cls,)), Slot("", 0, (sep,))
        second = 0 if roberta else 1
        pair_middle = (end, Slot("", 0, (sep,))) if roberta else (end,)
        pair = (start, Slot("A", 0), *pair_middle, Slot("B", second), Slot("", second, (sep,)))
        trim = roberta and settings.get("trim_offsets", True)
        return Template((start, Slot("A", 0), end), pair, trim, roberta and settings.get("add_prefix_space", True))
    refuse("post_processor", settings)
    raise AssertionError


def _slot(settings: Settings, named: Mapping[str, Settings]) -> Slot:
    if "Sequence" in settings:
        return Slot(settings["Sequence"]["id"], settings["Sequence"]["type_id"])
    token = named[settings["SpecialToken"]["id"]]
    return Slot("", settings["SpecialToken"]["type_id"], tuple(zip(token["tokens"], token["ids"], strict=True)))
