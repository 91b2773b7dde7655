"""Marian's folders: a SentencePiece model for each of two languages, and one vocabulary with the ids of all pieces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from byhand.errors import ByhandError
from byhand.tokenizers import sentencepiece
from byhand.tokenizers.encoding import Model, Piece
from byhand.tokenizers.special import AddedToken, AddedTokens
from byhand.tokenizers.tokenizer import Tokenizer

SOURCE, TARGET, VOCABULARY = "source.spm", "target.spm", "vocab.json"
UNKNOWN, SPECIAL = "<unk>", ("</s>", "<pad>", "<s>")
LANGUAGE = re.compile(r">>[^<>\s]{1,40}<<")
"""A token in front of a text that names the language to translate into."""


@dataclass(frozen=True)
class Renumbered:
    """The pieces of another model, with the ids of this vocabulary; one that it lacks is the unknown piece."""

    model: Model
    ids: dict[str, int]

    def pieces(self, word: str) -> list[Piece]:
        """Return the pieces of a word."""
        return [
            replace(piece, text=piece.text if piece.text in self.ids else UNKNOWN, id=self._id(piece.text))
            for piece in self.model.pieces(word)
        ]

    def _id(self, text: str) -> int:
        return self.ids.get(text, self.ids[UNKNOWN])


def read(model: Path, vocab: Mapping[str, object]) -> Tokenizer:
    """Return the tokenizer of one of the two languages. vocab: the contents of vocab.json.

    Raises ByhandError for a vocabulary without ids, or without a piece for what it does not know.
    """
    ids = {text: n for text, n in vocab.items() if type(n) is int and n >= 0}
    if len(ids) < len(vocab) or UNKNOWN not in ids:
        raise ByhandError(f"{model.parent / VOCABULARY} must give each piece its id, and {UNKNOWN} one: save it again.")
    languages = tuple(AddedToken(text, n, special=True) for text, n in ids.items() if LANGUAGE.fullmatch(text))
    one = sentencepiece.read(model)
    return replace(
        one,
        model=Renumbered(one.model, ids),
        added=AddedTokens(languages),
        left_out=one.left_out | {text for text in SPECIAL if text in ids},
        about=one.about | {"algorithm": f"{one.about['algorithm']} of {model.name}, with the ids of {VOCABULARY}"},
    )
