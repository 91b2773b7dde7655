"""Hundreds of inputs that nobody means well with, and what comes of each: `python tests/support/hostile_inputs.py`.

Each runs in a process of its own with bounded memory, in an empty folder with a few files. It prints a table of the
input, its outcome (0 done, 1 no, 2 refused; anything else is a fault), seconds of the processor, megabytes, and the
sentence. A fault is also more than a sentence on stderr, or half a file left.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

HERE = Path(__file__).parents[2]
MEMORY, SECONDS = 2_000_000_000, 120
"""What a process may take."""


@dataclass(frozen=True)
class Outcome:
    """What came of an input."""

    words: tuple[str, ...]
    code: int
    seconds: float
    megabytes: int
    sentence: str

    @property
    def fault(self) -> bool:
        return self.code not in (0, 1, 2) or "Traceback" in self.sentence or (self.code == 2 and not self.sentence)


# Inputs

ODD_NUMBERS = ("0", "-1", "1e308", "1e400", "nan", "-inf", "99999999999999999999", "0x10", "1_0", "½", "", "true")
OPTIONS = {
    "workbook gpt2 -o x.xlsx": (
        "--size d_model={}", "--size heads={}", "--size layers={}", "--size vocab={}", "--size d_ff={}", "--seed={}",
        "--generate={}", "--temperature={}", "--top-k={}", "--ids={}", "--targets={}", "--lr={}",
    ),
    "run mamba": ("--size d_state={}", "--size d_inner={}"),
    "run vit": ("--size image={}", "--size patch={}"),
    "train small.txt -o x.toml": ("--steps={}", "--batch-size={}", "--grid={}", "--hold-out={}", "--warmup={}"),
    "exercise softmax -o out": ("--count={}", "--seed={}", "--jobs={}", "--variants={}", "--versions={}"),
    "tokenize low --train small.txt": ("--merges={}", "--vocab={}"),
}  # fmt: skip
TYPED = (
    "(" * 3_000, "1" + "0" * 3_000, "9^9^9^9^9", "((((((1))))))!", "10!!!!!!", "e^e^e^e^e^e", "1/0", "0^0", "--+--1",
    "√√√√2", "sqrt(-1)", "x" * 5_000, "1,2,3,4", "1.2.3", "٣٫٥", "½", "¾+⅛", "−∞", "nan", "1e-400", "=1+1", "=A1",
    "=WEBSERVICE(1)", "=cmd|' /C calc'!A0", "\\frac{1}{", "\\input{/etc/passwd}", "{{7*7}}", "${7*7}",
    "__import__('os')", "lambda: 1", "1;2", "a\tb", "\u202e12", "1 000 000", "1'000", "0,5", "5 %", "3 kg", "∑", "💥",
    "log(log(log(1)))", "sin(1e308)", "exp(1e6)", "2**2**2**2**2**2", "gamma(171)", "[1,2]", "[[[[1]]]]", "0b11",
)  # fmt: skip
RULES = ("exact", "dp:2", "dp:99", "sf:0", "abs:nan", "rel:1e400", "dp:-1", "nonsense", "")
RECIPES = (
    "", "x", "=", "[", "[[", "[a]\n[a]", "a = 1\na = 2", "model = 1", 'model = ""', 'model = "gpt3"', "model = []",
    'model = "gpt2"\nsize = 3', 'model = "gpt2"\nsize = {d_model = 1e400}', 'model = "gpt2"\nids = [1.5]',
    'model = "gpt2"\nids = [[1]]', 'model = "gpt2"\nids = []', 'model = "gpt2"\nwords = ["a", "a"]',
    'model = "gpt2"\nwords = [""]', 'model = "gpt2"\nwords = ["a\\nb"]', 'model = "gpt2"\nprompt = "\\u0000"',
    'model = "gpt2"\nset = {wte = 1e300}', 'model = "gpt2"\nset = {nothing = 1}',
    'model = "gpt2"\nset = {"wte[0,0]" = 1}',
    'model = "gpt2"\nset = {"wte[1,99999]" = 1}', 'model = "gpt2"\nset = {wte = [[]]}', 'model = "gpt2"\nseed = 1.5',
    'model = "gpt2"\ntraining = 1', 'model = "gpt2"\ntraining = {text = []}', 'model = "gpt2"\ntitle = [1]',
    'model = "gpt2"\ngenerate = 1e9', 'model = "gpt2"\ntemperature = 0', 'model = "gpt2"\ntop_p = 2.0',
    'model = "gpt2"\noptimizer = "x"', 'model = "gpt2"\nlr = inf', 'model = "gpt2"\nbatch = [1]',
    'model = "gpt2"\nbatch = [{}]', 'model = "../../etc/passwd"', 'model = "r.toml"', "model = 2001-01-01",
    'model = "gpt2"\nimage = "x"', 'model = "vit"\npixels = [[1e400]]', 'model = "bert"\nsegment_ids = [9]',
    'model = "bert"\nmask = [0, 0]', 'model = "transformer"\ntarget_ids = [99]', 'model = "bpe"\nword_counts = 1',
    'model = "softmax"\nsize = {rows = 0}', 'model = "softmax"\nsize = {rows = 10000, width = 10000}',
    'model = "lstm"\nsize = {hidden = -3}', "a" * 100_000, "[" * 50_000, 'a = "' + "x" * 900_000 + '"',
    "\ufeffmodel = 1",
)  # fmt: skip
EXERCISES = (
    "points = nan", "places = 99", "places = -1", "minutes = 1e400", "largest = -1", 'ask = "x"', "ask = []",
    "ask = [{}]", 'ask = [{table = "nothing"}]', "tolerance = inf", "title = 5", 'language = "xx"', "parts = [1]",
    "draw = 1", "draw = {X = []}", "teaches = false", "hint = 3", "shares = {a = 1}", "strip_words = [1]", "show = [1]",
)  # fmt: skip
NAMES = (
    "../x.xlsx", "/x.xlsx", "/dev/null", "/dev/full", "/proc/self/mem", "con.xlsx", "a\nb.xlsx", "a\x7f.xlsx", ".xlsx",
    "..", ".", "~/x.xlsx", "x.xlsx/", "small.txt/x.xlsx", "no/x.xlsx", "x.exe", "x", "n" * 300 + ".xlsx", "é.xlsx",
    "x.xlsx.", "x.xlsx ", "-.xlsx", "", "n" * 250 + ".xlsx", "é" * 125 + ".xlsx", "aux", "LPT1.xlsx", "%s%n.xlsx",
    "$(touch y).xlsx", "`id`.xlsx", "a;b.xlsx", "'\".xlsx", "\u202e.xlsx",
)  # fmt: skip
WORDS = (
    "", " ", "a" * 10_000, "\x00", "\ud800", "..", "/etc/passwd", "softmax.", "SOFTMAX", "softmax,softmax", "*", "?",
    "[a-z]", "-1", "--", "layer1", "layer1.head1.nothing", "=1+1", "<script>", "%00", "\n", "💥" * 50, "𝕊", "ﬁ", "İ",
)  # fmt: skip


def archive(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name.replace("__", "/"), data)
    return stream.getvalue()


def files() -> dict[str, bytes]:
    """Files of the wrong kind, or damaged."""
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">' + b"".join(
        b'<!ENTITY %s "%s">' % (b"c" * n, (b"&" + (b"c" * (n - 1) or b"b") + b";") * 10) for n in range(1, 12)
    )
    return {
        "empty": b"", "nul": b"\0" * 5_000, "ff": b"\xff" * 5_000, "pk": b"PK\3\4" + b"\0" * 60, "zip": archive(a=b"1"),
        "zeros.zip": archive(xl__workbook=b"0" * 30_000_000), "bomb": bomb + b"]><a>&ccccccccccc;</a>",
        "types": archive(**{"[Content_Types].xml": b"<Types/>", "_rels__.rels": bomb}),
        "gz": b"\x1f\x8b\x08" + b"\0" * 99,
        "pdf": b"%PDF-1.7\n", "png": b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "elf": b"\x7fELF" + b"\0" * 90,
        "utf16": "a,b\n1,2\n".encode("utf-16"), "latin": b"id,name\n1,\xe9\n", "bom": b"\xef\xbb\xbfid\n1\n",
        "csv": b'"' + b"a" * 200_000, "crlf": b"\r\n" * 50_000, "deep": b"[" * 200_000, "braces": b'{"a":' * 90_000,
        "long": b"[" + b"1," * 400_000 + b"1]", "digits": b"[" + b"9" * 50_000 + b"]", "dates": b"a = 1979-05-27\n",
        "quotes": b"a = '''" + b"'" * 50_000, "surrogates": b'["\\ud800"]',
        "pickle": b"\x80\x04\x95\x0b.", "npy": b"\x93NUMPY\x01\0",
        "shebang": b"#!/bin/sh\ntouch owned\n", "html": b"<script>alert(1)</script>",
        "ole": bytes.fromhex("d0cf11e0a1b11ae1"),
    }  # fmt: skip


READERS = (
    "check {} --key {}", "verify {}", "workbook {}.toml -o x.xlsx", "exercise {}.toml -o out", "train {} --steps 1",
    "train --ids-file {} --steps 1", "tokenize x --tokenizer {}.json", "tokenize x --tokenizer {}.model",
    "tokenize x --tokenizer {}.txt", "answer --batch {}.json", "exercise softmax -o out --roster {}",
    "run gpt2 --words-file {}", "run vit --pixels {}.npy", "tokenize x --word-counts {}.json",
)  # fmt: skip


WRITERS = {
    "workbook softmax": ".xlsx", "page softmax": ".html", "code softmax": ".py", "code softmax --as notebook": ".ipynb",
    "explain softmax": ".md", "derive softmax": ".tex", "run softmax": ".npz", "train small.txt --steps 1": ".toml",
    "exercise softmax --count 1 --seed 1": "", "exercise softmax --self-check --seed 1": "",
    "grade set/students --key set --jobs 1": "",
}  # fmt: skip
"""Commands that write, and how the name of what they write ends."""
ENDLESS = ("/dev/zero", "/dev/stdin", "/proc/self/mem", "big.json", "million.json", ".", "/proc/self/fd/0")
NAMING = (
    "check {} --key set", "check one.xlsx --key {}", "grade {} --key set -o out", "grade set --key {} -o out",
    "grade set --key set --roster {} -o out", "grade set --key set --decide {} -o out", "answer --batch {}",
    "exercise softmax --roster {} -o out", "run gpt2 --words-file {}", "run vit --pixels {}", "verify {}", "train {}",
    "train --ids-file {}", "train small.txt --model {}", "tokenize x --train {}", "tokenize x --tokenizer {}",
    "tokenize --text-file {} --train small.txt", "run bpe --word-counts {}", "workbook {}/", "gallery {} -o out",
)  # fmt: skip


def _numbers() -> Iterator[tuple[str, ...]]:
    for line, options in OPTIONS.items():
        for option in options:
            for number in ODD_NUMBERS:
                yield (*line.split(), *option.format(number).split(" ", 1))


def _answers() -> Iterator[tuple[str, ...]]:
    for typed in TYPED:
        yield "answer", "--key", "1/2", "--rule", "dp:2", "--", typed
        yield "answer", "--key", typed, "--rule", "exact", "--", "1/2"
    for rule in RULES:
        yield "answer", "0.5", "--key", "1/2", "--rule", rule


def _recipes() -> Iterator[tuple[str, ...]]:
    for n in range(len(RECIPES)):
        yield "workbook", f"recipe{n}.toml", "-o", "x.xlsx"
    for n in range(len(EXERCISES)):
        yield "exercise", f"exercise{n}.toml", "-o", "out"


def _names() -> Iterator[tuple[str, ...]]:
    for name in NAMES:
        for writer, ending in WRITERS.items():
            yield *writer.split(), "-o", name.replace(".xlsx", ending)
        yield "train", "small.txt", "--steps", "1", "--save", name
        yield "code", "softmax", "-o", "x.py", "--weights", name


def _words() -> Iterator[tuple[str, ...]]:
    for word in WORDS:
        for line in ("derive {}", "explain gpt2 --step {}", "workbook {} -o x.xlsx", "models {}", "run gpt2 --show {}"):
            command, *rest = line.split()
            yield (command, *[part.format(word) for part in rest])


def _files() -> Iterator[tuple[str, ...]]:
    for name in files():
        for reader in READERS:
            yield tuple(reader.replace("{}", name).split())


def _endless() -> Iterator[tuple[str, ...]]:
    for place in ENDLESS:
        for line in NAMING:
            yield tuple(line.replace("{}", place).split())


def _handed_in() -> Iterator[tuple[str, ...]]:
    for name in submissions():
        yield "check", f"in/{name}", "--key", "set"
    yield "grade", "in", "--key", "set", "-o", "out", "--jobs", "1"


def _folders() -> Iterator[tuple[str, ...]]:
    for name in checkpoints():
        yield "run", f"./{name}"
        yield "tokenize", "x", "--tokenizer", name


KINDS = {
    "options that take numbers": _numbers,
    "typed answers and keys": _answers,
    "recipes": _recipes,
    "names to write to": _names,
    "models, topics, tables": _words,
    "files of another kind": _files,
    "files without an end, 200 MB of JSON": _endless,
    "answers handed in": _handed_in,
    "checkpoints, adapters, tokenizers": _folders,
}
"""The kinds of input."""


def inputs() -> Iterator[tuple[str, ...]]:
    """Every line, as words."""
    for kind in KINDS.values():
        yield from kind()


def array_file(header: str, data: bytes = b"") -> bytes:
    """A .npy file with this header, true or not."""
    text = header.encode()
    return b"\x93NUMPY\x01\0" + len(text).to_bytes(2, "little") + text + data


def submissions() -> dict[str, bytes]:
    """Answers that students hand in, from a notebook or elsewhere."""
    odd = ("1e400", "NaN", "[[]]", '"x"', "null", "1" * 5_000, "[" * 900 + "]" * 900, "{}", "true", '"1/0"', "-1e308")
    people = ("", "../x", "\\u0000", "x" * 9_000, "=1+1", "<b>", "student-999", "\\ud800")
    texts = [('"student-001"', f'"answers": {{"1": [{value}, {value}]}}') for value in odd]
    texts += [('"student-001"', f'"answers": {{}}, "tables": {{"p": [[{value}]]}}') for value in odd]
    texts += [('"student-001"', f'"answers": {{"{n}": [1]}}') for n in ("0", "-1", "99", "x", "1" * 999)]
    texts += [(f'"{who}"', '"answers": {"1": [1]}') for who in people]
    whole = {
        f"answers{n}.json": f'{{"student": {who}, "exercise": "softmax", {rest}}}'
        for n, (who, rest) in enumerate(texts)
    }
    arrays = {
        "object.npz": array_file("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"\x80\x04\x95."),
        "large.npz": array_file("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }"),
        "negative.npz": array_file("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"),
        "code.npz": array_file("__import__('os').system('touch owned')"),
        "deep.npz": array_file("(" * 9_000),
        "nan.npz": array_file("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", b"\xff" * 8),
        "text.npz": array_file("{'descr': '<U9', 'fortran_order': False, 'shape': (1,), }", b"\xff" * 36),
        "dates.npz": array_file("{'descr': '<M8[s]', 'fortran_order': False, 'shape': (1,), }", b"\xff" * 8),
        "none.npz": array_file("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }"),
        "bomb.npz": array_file("{'descr': '<f8', 'fortran_order': False, 'shape': (400000,), }", b"\0" * 3_200_000),
    }
    about = {
        f"{name}.npy": array_file(
            f"{{'descr': '<U{len(value)}', 'fortran_order': False, 'shape': (), }}", value.encode("utf-32-le")
        )
        for name, value in (("student", "student-001"), ("exercise", "softmax"))
    }
    return {
        **{name: text.encode() for name, text in whole.items()},
        **{name: archive(**{"answer_1.npy": data, **about}) for name, data in arrays.items()},
        "many.npz": archive(**{f"answer_{n}.npy": array_file("x") for n in range(2_500)}),
        "notebook.ipynb": b'{"cells": [{"cell_type": "code", "source": ["open(\'owned\', \'w\')"]}], "nbformat": 4}',
        "notebook.json": b'{"nbformat": 4, "cells": ' + b"[" * 90_000,
        "cut.npz": archive(**{"answer_1.npy": b"x" * 900})[:-30],
    }  # fmt: skip


def checkpoints() -> dict[str, dict[str, bytes]]:
    """Folders of models, adapters and tokenizers; each has a right config.json unless it has its own."""
    right = {name: (HERE / "tests/data/gpt2" / name).read_bytes() for name in ("config.json", "model.safetensors")}
    config = right["config.json"]
    headers = {
        "no-weights": b"",
        "long-header": (1 << 62).to_bytes(8, "little"),
        "no-json": (9).to_bytes(8, "little") + b"x" * 9,
        "deep-header": (90_000).to_bytes(8, "little") + b"[" * 90_000,
    }
    for name, entry in {
        "far-offsets": '{"wte": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 99999999]}}',
        "negative-shape": '{"wte": {"dtype": "F32", "shape": [-2, 2], "data_offsets": [0, 16]}}',
        "large-shape": '{"wte": {"dtype": "F32", "shape": [99999999999, 99999999999], "data_offsets": [0, 16]}}',
        "odd-type": '{"wte": {"dtype": "F99", "shape": [2, 2], "data_offsets": [0, 16]}}',
        "overlapping": '{"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}, "b": {"dtype": "F32", '
        '"shape": [4], "data_offsets": [0, 16]}}',
    }.items():
        headers[name] = len(entry).to_bytes(8, "little") + entry.encode() + b"\0" * 16
    made = {name: right | {"model.safetensors": data} for name, data in headers.items()}
    odd = (b"{}", b"[]", b'{"peft_type": "LORA", "r": 0}', b'{"peft_type": "LORA", "r": 1e400}', b"[" * 90_000,
           b'{"peft_type": "LORA", "r": -1, "base_model_name_or_path": "../../etc"}',
           b'{"peft_type": "LORA", "r": 2, "base_model_name_or_path": "adapter6"}')  # fmt: skip
    for n, adapter in enumerate(odd):
        made[f"adapter{n}"] = right | {"adapter_config.json": adapter, "adapter_model.safetensors": b"\0" * 16}
    for n, value in enumerate(("1e400", "-1", "0", "null", '"x"', "[]", "{}", "9" * 400, "true", "1.5", "NaN")):
        for key in (b"n_layer", b"vocab_size", b"n_embd", b"layer_norm_epsilon"):
            text = re.sub(b'("%s": )[^,}\n]*' % key, b"\\g<1>" + value.encode(), config)
            made[f"config-{key.decode()}-{n}"] = right | {"config.json": text}
    pieces = {"BPE": "{}", "Unigram": "[]", "WordPiece": "{}", "WordLevel": "{}", "": "{}"}
    for kind, vocabulary in pieces.items():
        for n, vocab in enumerate(
            (vocabulary, "1e400", '[["a", NaN]]', '{"a": -1}', '{"a": 1e400}', '{"\\ud800": 0}', "null")
        ):
            text = f'{{"version": "1.0", "model": {{"type": "{kind}", "vocab": {vocab}, "merges": ["a b", 1]}}}}'
            made[f"pieces-{kind}-{n}"] = right | {"tokenizer.json": text.encode()}
    return made


def furnish() -> None:
    """Write the files that the lines name, in the current folder."""
    Path("small.txt").write_text("the cat sat\na dog ran\n")
    for n, text in enumerate(RECIPES):
        Path(f"recipe{n}.toml").write_text(text, "utf-8")
    start = 'model = "softmax"\ntitle = "T"\nteaches = "x"\n'
    for n, text in enumerate(EXERCISES):
        Path(f"exercise{n}.toml").write_text(f"{start}{text}\n" if "title" not in text else text, "utf-8")
    assert trial(("exercise", "softmax", "--count", "2", "--seed", "1", "--format", "xlsx", "-o", "set")).code == 0
    shutil.copy("set/students/student-001.xlsx", "one.xlsx")
    os.mkdir("in")
    for name, data in submissions().items():
        Path("in", name).write_bytes(data)
    for name, parts in checkpoints().items():
        os.mkdir(name)
        for part, data in parts.items():
            Path(name, part).write_bytes(data)
    with open("big.json", "wb") as file:
        file.write(b"[")
        file.writelines(b"0.5, " * 4_000 for _ in range(10_000))
        file.write(b"1]")
    with open("million.json", "wb") as file:
        file.write(b'{"byhand": "class key", "version": 1, "students": {')
        file.writelines(b'"%d": {"name": "x", "answers": [[1]]},' % n for n in range(1_000_000))
        file.write(b'"last": {}}}')
    for name, data in files().items():
        for suffix in ("", ".toml", ".json", ".model", ".txt", ".npy"):
            Path(name + suffix).write_bytes(data)


# Trials


def trial(words: tuple[str, ...]) -> Outcome:
    """Run one line in a child process, which byhand is imported in already."""
    with tempfile.TemporaryFile("w+b") as said:
        child = os.fork()
        if child == 0:
            _run(words, said.fileno())
        _, status, used = os.wait4(child, 0)
        said.seek(0)
        text = said.read(20_000).decode("utf-8", "replace").strip()
    code = os.waitstatus_to_exitcode(status)
    return Outcome(words, code, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, " ".join(text.split()))


def _run(words: tuple[str, ...], said: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(os.open("/dev/zero", os.O_RDONLY), 0)
    os.dup2(null, 1)
    os.dup2(said, 2)
    code = 3
    try:
        code = run(words)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


def run(words: tuple[str, ...]) -> int:
    """Run a line in this process, and return its exit code."""
    from byhand.cli.main import main

    try:
        main(list(words))
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 3
    return 0


def outcomes(lines: list[tuple[str, ...]]) -> Iterator[Outcome]:
    """Try lines, each in a new empty folder with the files."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            furnish()
            there = set(os.listdir())
            for words in lines:
                yield trial(words)
                for name in set(os.listdir()) - there:
                    shutil.rmtree(name) if Path(name).is_dir() and not Path(name).is_symlink() else os.unlink(name)
        finally:
            os.chdir(before)


def row(outcome: Outcome) -> str:
    """A row of the table, in Markdown."""
    line = json.dumps(" ".join(word if len(word) < 40 else f"{word[:37]}..." for word in outcome.words))[1:-1]
    sentence = json.dumps(outcome.sentence[-120:], ensure_ascii=True)[1:-1]
    cells = (line, "FAULT " * outcome.fault + str(outcome.code), f"{outcome.seconds:.2f}", outcome.megabytes, sentence)
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def summary(kind: str, of: list[Outcome]) -> str:
    """A row about all inputs of a kind, in Markdown."""
    codes = [sum(o.code == code for o in of) for code in (0, 1, 2)]
    worst = f"{max(o.seconds for o in of):.1f} | {max(o.megabytes for o in of)}"
    return f"| {kind} | {len(of)} | {' | '.join(map(str, codes))} | {sum(o.fault for o in of)} | {worst} |"


if __name__ == "__main__":
    import byhand.derivations.topics
    import byhand.exercises.class_set
    import byhand.grading.class_marks
    import byhand.lessons.training
    import byhand.page.build
    import byhand.workbook.build
    import byhand.xlsx.verify  # noqa: F401  # once for all children

    lines = list(dict.fromkeys(inputs()))
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    print("| input | outcome | seconds | MB | sentence |\n| --- | --- | --- | --- | --- |")
    tried = []
    for outcome in outcomes(lines[::step]):
        tried.append(outcome)
        print(row(outcome), flush=True)
    by_line = {outcome.words: outcome for outcome in tried}
    print("\n| kind | inputs | done | no | refused | faults | most seconds | most MB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for kind, lines_of in KINDS.items():
        if of := [by_line[words] for words in dict.fromkeys(lines_of()) if words in by_line]:
            print(summary(kind, of))
    codes = {code: sum(o.code == code for o in tried) for code in sorted({o.code for o in tried})}
    print(
        f"\n{len(tried)} inputs; outcomes {codes}; faults {sum(o.fault for o in tried)}; at most "
        f"{max(o.seconds for o in tried):.1f} s and {max(o.megabytes for o in tried)} MB."
    )
