"""Read the tokenizer of a file or a folder in others' formats, with the tokenizers library, within bounds.

The library reads the settings of a tokenizer.json, and our functions do what they say. The few
kinds of normalizing and splitting that are not ours (the file's own regular expressions among them) are the library's;
a regular expression that is not well known runs in another process, which is ended where it takes too long.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from byhand.decoding import json_value
from byhand.errors import ByhandError, quoted
from byhand.files import read_bytes
from byhand.tokenizers import decoding, marian, normalization, splitting
from byhand.tokenizers.byte_map import BYTE_OF_LETTER
from byhand.tokenizers.letters import Letters, build
from byhand.tokenizers.settings import Settings, refuse, tokenizer_of
from byhand.tokenizers.special import AddedToken, AddedTokens, Slot, Template
from byhand.tokenizers.tokenizer import Tokenizer
from byhand.tokenizers.wordpiece import WordPiece

MOST_BYTES = 100_000_000
"""The most bytes of a tokenizer's file; one with 250,000 pieces has about 30 million."""
MOST_SECONDS = 20.0
MOST_MEMORY = 1_000_000_000
IN_FOLDERS = ("tokenizer.json", "vocab.json", "vocab.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model")
"""The files by which a folder's tokenizer is known; the first that is there counts."""
COMPONENTS = {"normalizer": "normalizer", "pre_tokenizer": "pre_tokenizer", "decoder": "decoder"}


def read(path: Path) -> Tokenizer:
    """Read a tokenizer: a tokenizer.json, a folder with one, vocab.txt, vocab.json with merges.txt, or a .model.

    Raises ByhandError, one sentence, for a file that is none, is damaged, too large or of a type that is not known.
    """
    if os.path.isdir(path):
        if not _is_file(path / "tokenizer.json") and _is_file(path / marian.SOURCE):
            return read_marian(path, marian.SOURCE)
        name = next((name for name in IN_FOLDERS if _is_file(path / name)), None)
        if name is None:
            raise ByhandError(f"{path} has no tokenizer: no {', '.join(IN_FOLDERS[:-1])} or {IN_FOLDERS[-1]} is in it.")
        return _with_special_tokens(read(path / name), path)
    if not _is_file(path):
        raise ByhandError(f"There is no file {path}: give a tokenizer.json, vocab.txt, vocab.json or .model.")
    if path.stat().st_size > MOST_BYTES:
        raise ByhandError(f"{path} is larger than {MOST_BYTES:,} bytes, too large for a tokenizer.")
    if path.suffix == ".model":
        from byhand.tokenizers import sentencepiece

        return sentencepiece.read(path)
    if path.suffix == ".txt":
        return _from_merges(path) if path.name.endswith("merges.txt") else _from_vocab_txt(path)
    if path.suffix != ".json":
        raise ByhandError(
            f"{path} is of no type that byhand reads: give a tokenizer.json, vocab.txt, vocab.json with merges.txt "
            "beside it, or a SentencePiece .model."
        )
    values = read_json(path)
    return _from_tokenizer_json(values, path) if "model" in values else _from_vocab_json(values, path)


def read_marian(folder: Path, model: str) -> Tokenizer:
    """Read the tokenizer of a language of Marian's. model: source.spm or target.spm."""
    if not _is_file(folder / marian.VOCABULARY):
        raise ByhandError(f"{folder / model} has no {marian.VOCABULARY} beside it: copy both from the same model.")
    tokenizer = marian.read(folder / model, read_json(folder / marian.VOCABULARY))
    return _with_special_tokens(tokenizer, folder, kind="Marian")


def _with_special_tokens(tokenizer: Tokenizer, folder: Path, kind: str = "") -> Tokenizer:
    """Return the tokenizer with the special tokens around a text that the folder's tokenizer_config.json asks for.

    A tokenizer.json says itself which there are; older files do not, and their kind of tokenizer (its class) does:
    kind, where the folder says none.
    """
    if tokenizer.template.single != Template().single:
        return tokenizer
    about = _settings_beside(folder / "tokenizer.json")
    kind = str(about.get("tokenizer_class") or kind)
    begins = next((starts for name, starts, _ in AROUND if name in kind), False)
    ends = next((end for name, _, end in AROUND if name in kind), False)
    if _is_file(folder / "tokenizer.json"):
        begins = ends = False
    slots: list[Slot] = []
    for key, usual, default, wanted in (
        ("bos_token", "add_bos_token", "<s>", begins),
        ("", "", "", True),
        ("eos_token", "add_eos_token", "</s>", ends),
    ):
        if not key:
            slots.append(Slot("A", 0))
        elif about.get(usual, wanted):
            named = about.get(key, default)
            text = str(named.get("content")) if isinstance(named, dict) else str(named)
            if (n := tokenizer.id_of(text)) is not None:
                slots.append(Slot("", 0, ((text, n),)))
    template = replace(tokenizer.template, single=tuple(slots))
    return replace(tokenizer, template=template)


AROUND = (
    ("T5", False, True),
    ("Roberta", True, True),
    ("Bart", True, True),
    ("Marian", False, True),
    ("Llama", True, False),
    ("Gemma", True, False),
    ("Mistral", True, False),
)
"""Kinds of tokenizers, and whether they put a token before and after each text, where no setting says so."""


def has_tokenizer(folder: Path) -> bool:
    """Return whether a folder has a file by which its tokenizer is known."""
    return any(_is_file(folder / name) for name in (*IN_FOLDERS, marian.SOURCE))


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # unlike Path.is_file, never raises


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file. Raises ByhandError for another content, cut off or nested without end."""
    fix = "save or copy the tokenizer again, or choose a smaller one"
    values = json_value(read_bytes(path, "tokenizer", MOST_BYTES), str(path), fix)
    if not isinstance(values, dict):
        raise ByhandError(f"{path} must hold one JSON object, {{...}}: save the tokenizer again.")
    return values


def library() -> Any:
    """Return the tokenizers library. Raises ByhandError where it is not installed."""
    try:
        import tokenizers
    except ImportError:
        raise ByhandError(
            "Reading a tokenizer.json takes the library tokenizers: install it with pip install 'byhand[tokenizers]'."
        ) from None
    return tokenizers


def _from_tokenizer_json(values: dict[str, Any], path: Path) -> Tokenizer:
    """Return the tokenizer of a tokenizer.json, once the library has read its settings.

    The library is not given the vocabulary and the merges, which are checked here: for 100,000 of them that is quicker.
    """
    _check_types(values, path)
    empty: dict[str, Any] = {
        "vocab": [] if isinstance(values["model"].get("vocab"), list) else {},
        "merges": [],
        "unk_id": None,
    }
    model = {name: empty.get(name, value) for name, value in values["model"].items()}
    try:
        library().Tokenizer.from_str(json.dumps({"version": "1.0", **values, "model": model, "added_tokens": []}))
    except ByhandError:
        raise
    except Exception as error:  # the library raises Exception itself
        raise ByhandError(f"{path} is no tokenizer that can be read ({_reason(error)}): save it again.") from None
    return _made_of(values, path, _by_library)


def _made_of(settings: dict[str, Any], path: Path, *unknown: Any) -> Tokenizer:
    """Return the tokenizer of settings in a file. ByhandError if they make none."""
    try:
        return tokenizer_of(settings, *unknown)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, IndexError) as error:
        raise ByhandError(f"{path} is no tokenizer that can be read ({_reason(error)}): save it again.") from None


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


TYPES = {
    "model": {"BPE", "WordPiece", "WordLevel", "Unigram"},
    "normalizer": set(
        "BertNormalizer Strip StripAccents NFC NFD NFKC NFKD Sequence Lowercase Nmt Precompiled Replace Prepend "
        "ByteLevel".split()
    ),
    "pre_tokenizer": set(
        "BertPreTokenizer ByteLevel CharDelimiterSplit Metaspace Whitespace Sequence Split Punctuation WhitespaceSplit "
        "Digits UnicodeScripts FixedLength".split()
    ),
    "post_processor": set("RobertaProcessing BertProcessing ByteLevel TemplateProcessing Sequence".split()),
    "decoder": set("BPEDecoder ByteLevel WordPiece Metaspace CTC Sequence Replace Fuse Strip ByteFallback".split()),
}
"""The types of each part that the library has: the error for another one names it."""


def _check_types(values: Settings, path: Path) -> None:
    for part, known in TYPES.items():
        settings = values.get(part)
        if settings is None and part != "model":
            continue
        if not isinstance(settings, dict):
            raise ByhandError(f"{path} has no object {part!r}: save the tokenizer again.")
        for each in _with_inner(settings):
            kind = each.get("type", "BPE" if part == "model" else None)
            if not isinstance(kind, str) or kind not in known:
                raise ByhandError(
                    f"{path} has a {part} of type {quoted(kind)}, which byhand does not know: "
                    f"choose a tokenizer with one of {', '.join(sorted(known))}."
                )


def _with_inner(settings: Settings) -> list[Settings]:
    """Return a part and those in its sequences."""
    found: list[Settings] = []
    waiting: list[Any] = [settings]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            found.append(each)
            for name in ("normalizers", "pretokenizers", "processors", "decoders"):
                inner = each.get(name)
                waiting += inner if isinstance(inner, list) else []
    return found


KNOWN_PATTERNS = frozenset(
    [
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
        *(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
            + numbers
            + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
            for numbers in (r"\p{N}{1,3}", r"\p{N}")
        ),
        r" {2,}",
        r".",
        r"\s+",
    ]
)
"""Regular expressions of published tokenizers (GPT-2, GPT-4 and Llama 3, Qwen 2), known to take no long time."""


def _by_library(part: str, settings: Settings) -> Callable[..., Any]:
    """Return what does a part of a tokenizer with the library's own function."""
    as_json = json.dumps(settings)
    trusted = not any(_own_pattern(each) for each in _with_inner(settings))

    def work(job: Any) -> Any:
        return _worker(part, as_json)(job) if trusted else _bounded(part, as_json, job)

    if part == "normalizer":
        return lambda letters: _aligned(letters, work(letters.text))
    if part == "pre_tokenizer":
        return lambda letters: _cut(letters, work(letters.text))
    if part == "decoder":
        return lambda pieces: [work(pieces)]
    refuse(part, settings)
    raise AssertionError


def _own_pattern(settings: Settings) -> bool:
    pattern = settings.get("pattern")
    return isinstance(pattern, Mapping) and "Regex" in pattern and pattern["Regex"] not in KNOWN_PATTERNS


def _bounded(part: str, as_json: str, job: Any) -> Any:
    """Return the result from another process. Raises ByhandError where it takes too long."""
    from byhand.processes import Limits, Stopped, spread_within

    limits = Limits(MOST_SECONDS, MOST_MEMORY)
    (result,) = spread_within(limits, _worker, (part, as_json), [job], 1, quiet=True)
    if isinstance(result, Stopped):
        raise ByhandError(
            f"The tokenizer's regular expression is not usable on this text: {result.why}; choose another tokenizer."
        )
    return result


@lru_cache(16)
def _worker(part: str, as_json: str) -> Callable[[Any], Any]:
    """Return the function that does a part's work with the library: of a text, or of pieces."""
    tokenizers = library()
    empty = {"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}, part: json.loads(as_json)}
    made = getattr(tokenizers.Tokenizer.from_str(json.dumps(empty)), part)

    def normalize(text: str) -> list[tuple[str, tuple[int, int]]]:
        whole = tokenizers.PreTokenizedString(text)
        whole.normalize(made.normalize)
        whole.tokenize(lambda new: _as_tokens(tokenizers, new))
        encoding = whole.to_encoding()
        return list(zip(encoding.tokens, encoding.offsets, strict=True))

    work = {"normalizer": normalize, "pre_tokenizer": made.pre_tokenize_str if part == "pre_tokenizer" else None}
    function = work.get(part) or made.decode

    def guarded(job: Any) -> Any:
        try:
            return function(job)
        except BaseException as error:  # a panic of the library is no Exception
            if type(error).__name__ != "PanicException":
                raise
            raise ByhandError(
                f"The tokenizer's regular expression is not usable on this text ({_reason(error)}): "
                "choose another tokenizer."
            ) from None

    return guarded


def _as_tokens(tokenizers: Any, text: str) -> list[Any]:
    tokens, place = [], 0
    for letter in text:
        size = len(letter.encode("utf-8"))
        tokens.append(tokenizers.Token(0, letter, (place, place + size)))
        place += size
    return tokens


def _aligned(letters: Letters, changed: list[tuple[str, tuple[int, int]]]) -> Letters:
    return build((letter, letters.span(*places)) for letter, places in changed)


def _cut(letters: Letters, parts: list[tuple[str, tuple[int, int]]]) -> list[Letters]:
    """Return the parts; one whose text the library changed stands for its place as a whole."""
    found = []
    for text, (start, end) in parts:
        part = letters.part(start, end)
        found.append(part if part.text == text else Letters(text, (letters.span(start, end),) * len(text)))
    return found


def _lines(path: Path) -> list[str]:
    try:
        text = read_bytes(path, "tokenizer", MOST_BYTES).decode()
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except ValueError as error:
        raise ByhandError(f"{path} cannot be read as a text in UTF-8 ({error}): save the tokenizer again.") from None


def _from_vocab_txt(path: Path) -> Tokenizer:
    """Return BERT's tokenizer with the pieces of vocab.txt, one a line.

    Capitals and accents stay where the tokenizer_config.json beside it says so, or where a piece has a capital.
    """
    lines = [line.rstrip("\r") for line in _lines(path)]
    ids = {piece: n for n, piece in enumerate(lines) if piece}
    if not ids:
        raise ByhandError(f"{path} lists no pieces: it must have one a line.")
    special = [piece for piece in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") if piece in ids]
    beside = _settings_beside(path)
    lower = bool(beside.get("do_lower_case", not any(p != p.lower() for p in ids if not p.startswith("["))))
    end = Slot("", 0, (("[SEP]", ids["[SEP]"]),)) if "[SEP]" in ids else None
    start = Slot("", 0, (("[CLS]", ids["[CLS]"]),)) if "[CLS]" in ids else None
    second = Slot("", 1, end.tokens) if end else None
    return Tokenizer(
        WordPiece(ids),
        normalization.bert(True, True, None, lower),
        splitting.for_bert,
        decoding.for_wordpiece("##", True),
        AddedTokens(tuple(AddedToken(piece, ids[piece]) for piece in special)),
        Template(
            tuple(slot for slot in (start, Slot("A", 0), end) if slot),
            tuple(slot for slot in (start, Slot("A", 0), end, Slot("B", 1), second) if slot),
        ),
        about={
            "algorithm": "WordPiece",
            "normalized": "BERT's: " + ("small letters, no accents" if lower else "capitals and accents stay"),
            "split": "at white space and around each punctuation mark",
        },
    )


def _settings_beside(path: Path) -> dict[str, Any]:
    beside = path.with_name("tokenizer_config.json")
    return read_json(beside) if _is_file(beside) and beside.stat().st_size <= MOST_BYTES else {}


def _from_merges(path: Path) -> Tokenizer:
    """Return the tokenizer of merges.txt and the vocab.json beside it."""
    vocabulary = path.with_name(path.name.removesuffix("merges.txt") + "vocab.json")
    if not _is_file(vocabulary):
        raise ByhandError(f"{path} has no {vocabulary.name} beside it: copy that there too.")
    return read(vocabulary)


def _from_vocab_json(values: dict[str, Any], path: Path) -> Tokenizer:
    """Return the BPE of vocab.json and the merges.txt beside it: at the byte level where it has all 256 letters."""
    if not values or not all(type(n) is int and n >= 0 for n in values.values()):
        raise ByhandError(f"{path} must give each piece its id, a whole number: save the tokenizer again.")
    beside = path.with_name(path.name.removesuffix("vocab.json") + "merges.txt")
    if not path.name.endswith("vocab.json") or not _is_file(beside):
        raise ByhandError(
            f"{path} has no merges.txt beside it, in which the order of the merges stands: copy it there."
        )
    if beside.stat().st_size > MOST_BYTES:
        raise ByhandError(f"{beside} is larger than {MOST_BYTES:,} bytes, too large for a tokenizer.")
    lines = [line.rstrip("\r") for line in _lines(beside)]
    merges = [tuple(line.split(" ")) for n, line in enumerate(lines) if line and not (n == 0 and line.startswith("#"))]
    by_bytes = BYTE_OF_LETTER.keys() <= values.keys()
    suffix = "</w>" if any(piece.endswith("</w>") for piece in values) else ""
    unknown = next((piece for piece in ("<unk>", "[UNK]") if piece in values), None)
    settings: dict[str, Any] = {
        "model": {"type": "BPE", "vocab": values, "merges": [list(pair) for pair in merges], "unk_token": unknown}
        | {"end_of_word_suffix": suffix or None},
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False} if by_bytes else {"type": "Whitespace"},
        "decoder": {"type": "ByteLevel"} if by_bytes else {"type": "BPEDecoder", "suffix": "</w>"},
        "added_tokens": [
            {"content": piece, "id": values[piece], "special": True}
            for piece in ("<|endoftext|>", "<s>", "</s>", "<pad>", "<unk>", "<mask>")
            if piece in values
        ],
    }
    if by_bytes and unknown:
        settings["model"]["unk_token"] = None  # each byte has its piece
    return _made_of(settings, path)
