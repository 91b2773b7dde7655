"""The pages that come with the package are what SymPy proves today, and are shown without SymPy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from support.derivations import each_topic

from byhand.derivations.rebuild import FILE
from byhand.derivations.stored_pages import derive
from byhand.derivations.topic_page import prove
from byhand.derivations.topics import TOPICS
from byhand.documents.stored import from_json, to_json
from byhand.errors import ByhandError


@each_topic
def test_a_stored_page_is_what_is_proved(name: str) -> None:
    """If this fails after a change to a derivation, run `python -m byhand.derivations.rebuild`."""
    page = prove(name)
    assert f"{json.dumps(name)}: {to_json(page)}" in FILE.read_text("utf-8")
    assert derive(name) == page


def test_there_is_a_page_for_each_topic_and_no_other() -> None:
    assert sorted(json.loads(FILE.read_text("utf-8"))) == sorted(TOPICS)


def test_no_stored_page_has_a_number_that_depends_on_the_processor() -> None:
    """Numbers are digits as they are shown; a float of JSON would have sixteen of them."""

    def refuse(digits: str) -> None:
        raise AssertionError(digits)

    json.loads(FILE.read_text("utf-8"), parse_float=refuse, parse_constant=refuse)


@pytest.mark.parametrize("name", ["softmax", "gelu"])
def test_a_changed_page_is_another_page(name: str) -> None:
    """One digit, letter or sign that is changed in the file is seen by the comparison above."""
    stored = to_json(derive(name))
    changed = stored.replace('"Number": {"digits": "2"}', '"Number": {"digits": "3"}', 1)
    assert from_json(json.loads(changed)) != derive(name)


def test_a_page_is_shown_without_sympy_or_numpy() -> None:
    code = "import sys; from byhand.cli.main import main; main(['derive', 'softmax'], standalone_mode=False); "
    code += "print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *_, loaded = done.stdout.splitlines()
    assert "byhand.derivations.stored_pages" in loaded.split()
    assert not {"sympy", "mpmath", "numpy", "byhand.derivations.topic_page", "byhand.derivations.terms"} & set(
        loaded.split()
    )


def test_a_topic_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(ByhandError, match="There is no topic 'sofmax'; the nearest is softmax"):
        derive("sofmax")
