"""The catalogues of translations: what they must hold, and bringing their files up to date.

`python tests/support/catalogue.py` rewrites byhand/translations/*.po: new sentences come in without a translation, and
those that nothing says any more go out.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

import byhand
from byhand.core.captions import SYMBOLS, in_words
from byhand.core.graph import toposort
from byhand.core.roles import Role
from byhand.exercises.problem import problem
from byhand.exercises.recipe import read_exercise
from byhand.misconceptions import MISCONCEPTIONS
from byhand.translations import ENGLISH, LANGUAGES

PACKAGE = Path(byhand.__file__).parent
FOLDER = PACKAGE / "translations"
RECIPES = PACKAGE.parent / "exercises"
TEXTS = ("title", "teaches", "text", "hint")
"""The keys of a recipe, and of its questions, that a student reads."""
HEADER = """# What students and classes read. `python tests/support/catalogue.py` brings in new sentences.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: {code}\\n"
"Plural-Forms: {plural}\\n"

"""
Message = str | tuple[str, str]
"""A sentence, or a sentence for one thing and for many."""


def messages() -> dict[Message, list[str]]:
    """Return every text that a catalogue must hold, with the places that say it, in a fixed order."""
    places: dict[Message, list[str]] = {}
    for where, message in (*in_code(), *in_records(), *in_models(), *in_recipes()):
        if message and has_words(message):
            places.setdefault(message, [])
            if where not in places[message]:
                places[message].append(where)
    return dict(sorted(places.items(), key=lambda entry: (entry[1][0], str(entry[0]))))


def has_words(message: Message) -> bool:
    """Return whether there is a word of a language in a text, not only letters of mathematics."""
    text = message if isinstance(message, str) else " ".join(message)
    return re.search("[A-Za-z]{2}", re.sub("ln|lr|2i|kNN", "", text)) is not None


def in_code() -> Iterator[tuple[str, Message]]:
    """Yield the texts of the calls of `_` and `counted`: literals, and constants of modules."""
    for path in sorted(PACKAGE.rglob("*.py")):
        where = path.relative_to(PACKAGE.parent).as_posix()
        source = path.read_text("utf-8")
        tree = ast.parse(source)
        imports_counted = re.search(r"^from byhand.translations import .*\bcounted\b", source, re.MULTILINE) is not None
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            assert isinstance(call.func, ast.Name)
            if call.func.id in ("_", "Unreadable", "Undefined", "Refused") and call.args:
                yield from ((where, text) for text in texts_of(call.args[0], path))
            elif call.func.id == "Words" and call.args:
                yield from ((where, text.strip()) for text in texts_of(call.args[0], path))
            elif call.func.id == "Over" and call.args:  # a sign of several words becomes words
                yield from ((where, text) for text in texts_of(call.args[0], path) if " " in text)
            elif call.func.id == "counted" and imports_counted:
                one, many = (next(texts_of(argument, path)) for argument in call.args[:2])
                yield where, (one, many)


def texts_of(argument: ast.expr, path: Path) -> Iterator[str]:
    """Yield the texts that an argument may be: a literal, either branch of a choice, a constant or its entries."""
    match argument:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from texts_of(argument.body, path)
            yield from texts_of(argument.orelse, path)
        case ast.BoolOp():
            for value in argument.values:
                yield from texts_of(value, path)
        case ast.Name(id=name) if name.strip("_").isupper():
            yield from strings_in(constant(name, path))
        case ast.Subscript(value=ast.Name(id=name)) if name.strip("_").isupper():
            yield from strings_in(constant(name, path))


def constant(name: str, path: Path) -> Any:
    module = path.relative_to(PACKAGE.parent).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    return getattr(import_module(module), name)


def strings_in(value: Any) -> Iterator[str]:
    """Yield the texts in a constant: itself, or those of a tuple's or a dictionary's values."""
    if isinstance(value, str):
        yield str(value)
    elif isinstance(value, dict):
        for entry in value.values():
            yield from strings_in(entry)
    elif isinstance(value, tuple | list | frozenset):
        for entry in value:
            yield from strings_in(entry)


def in_records() -> Iterator[tuple[str, Message]]:
    """Yield the texts of records: what roles are, and what is said of misconceptions."""
    for role in Role:
        yield "byhand/core/roles.py", role.words
        yield "byhand/core/roles.py", role.traits.given_words
    yield "byhand/exercises/student_book.py", "Exercise"  # the first sheet, translated as the titles of all pages
    for misconception in MISCONCEPTIONS.values():
        yield "byhand/misconceptions", misconception.english


def in_models() -> Iterator[tuple[str, Message]]:
    """Yield the titles and formulas of the parts of the recipes' models, and the meanings of their constants."""
    for path in sorted(RECIPES.rglob("*.toml")):
        for node in toposort(problem(read_exercise(path)).lesson.graph.outputs):
            for scope in node.scope.outward:
                yield "byhand/models", scope.title.rstrip("0123456789").rstrip()
                yield from (("byhand/models", e) for e in (scope.equation, scope.column_equation) if in_words(e))
            yield "byhand/models", node.meaning
    for letters in SYMBOLS.values():
        if " " in letters:
            yield "byhand/core/captions.py", letters


def in_recipes() -> Iterator[tuple[str, Message]]:
    """Yield what students read in the ready-made recipes."""
    for path in sorted(RECIPES.rglob("*.toml")):
        recipe = tomllib.loads(path.read_text("utf-8"))
        for table in (recipe, *recipe.get("ask", ()), *recipe.get("exercise", ())):
            yield from (
                (f"exercises/{path.relative_to(RECIPES).as_posix()}", table[key]) for key in TEXTS if key in table
            )


def catalogue(code: str) -> Catalog:
    """Return a language's catalogue as it is on file."""
    with (FOLDER / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def update(code: str) -> int:
    """Rewrite a language's file with the texts that there are now, and return how many of them are not translated."""
    old, new = catalogue(code), Catalog(locale=code, project="byhand", fuzzy=False)
    missing = 0
    for message in messages():
        one = message if isinstance(message, str) else message[0]
        known = old.get(one)
        text = known.string if known and known.string else ("" if isinstance(message, str) else ("",) * new.num_plurals)
        if not isinstance(message, str) and (isinstance(text, str) or len(text) != new.num_plurals):
            text = ("",) * new.num_plurals
        missing += not (text if isinstance(text, str) else all(text))
        new.add(message, text)
    with (FOLDER / f"{code}.po").open("wb") as file:
        file.write(HEADER.format(code=code, plural=new.plural_forms).encode())
        write_po(file, new, width=0, omit_header=True, no_location=True)
    return missing


if __name__ == "__main__":
    sys.path.insert(0, str(PACKAGE.parent))
    for language in LANGUAGES:
        if language != ENGLISH:
            print(f"{language}: {update(language)} of {len(messages())} are not translated")
