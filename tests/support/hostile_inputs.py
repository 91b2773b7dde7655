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
import resource
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

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
    "x.xlsx.", "x.xlsx ", "-.xlsx", "%s%n.xlsx", "$(touch y).xlsx", "`id`.xlsx", "a;b.xlsx", "'\".xlsx", "\u202e.xlsx",
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


def inputs() -> Iterator[tuple[str, ...]]:
    """Every line, as words."""
    for line, options in OPTIONS.items():
        for option in options:
            for number in ODD_NUMBERS:
                yield (*line.split(), *option.format(number).split(" ", 1))
    for typed in TYPED:
        yield "answer", "--key", "1/2", "--rule", "dp:2", "--", typed
        yield "answer", "--key", typed, "--rule", "exact", "--", "1/2"
    for rule in RULES:
        yield "answer", "0.5", "--key", "1/2", "--rule", rule
    for n in range(len(RECIPES)):
        yield "workbook", f"recipe{n}.toml", "-o", "x.xlsx"
    for n in range(len(EXERCISES)):
        yield "exercise", f"exercise{n}.toml", "-o", "out"
    for name in NAMES:
        yield "workbook", "softmax", "-o", name
        yield "exercise", "softmax", "--count", "1", "--seed", "1", "-o", name
    for word in WORDS:
        for line in ("derive {}", "explain gpt2 --step {}", "workbook {} -o x.xlsx", "models {}", "run gpt2 --show {}"):
            command, *rest = line.split()
            yield (command, *[part.format(word) for part in rest])
    for name in files():
        for reader in READERS:
            yield tuple(reader.replace("{}", name).split())


def furnish() -> None:
    """Write the files that the lines name, in the current folder."""
    Path("small.txt").write_text("the cat sat\na dog ran\n")
    for n, text in enumerate(RECIPES):
        Path(f"recipe{n}.toml").write_text(text, "utf-8")
    start = 'model = "softmax"\ntitle = "T"\nteaches = "x"\n'
    for n, text in enumerate(EXERCISES):
        Path(f"exercise{n}.toml").write_text(f"{start}{text}\n" if "title" not in text else text, "utf-8")
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
    return Outcome(words, code, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, " ".join(text.split())[-300:])


def _run(words: tuple[str, ...], said: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.dup2(said, 2)
    from byhand.cli.main import main

    code = 3
    try:
        main(list(words))
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 3
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


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
    codes = {code: sum(o.code == code for o in tried) for code in sorted({o.code for o in tried})}
    print(
        f"\n{len(tried)} inputs; outcomes {codes}; faults {sum(o.fault for o in tried)}; at most "
        f"{max(o.seconds for o in tried):.1f} s and {max(o.megabytes for o in tried)} MB."
    )
