"""A place in the words of an answer, for the two grammars that read it."""

from __future__ import annotations

from byhand.errors import quoted
from byhand.grading.answers.bounds import DEEPEST, Unreadable
from byhand.grading.answers.tokens import Token

CLOSING = {"(": ")", "[": "]", "{": "}"}


class Cursor:
    """Reads on from token to token; ends in `end`."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    @property
    def after(self) -> Token:
        return self.tokens[min(self.place + 1, len(self.tokens) - 1)]

    def take(self) -> Token:
        """The next token, and on."""
        token = self.tokens[self.place]
        if token.kind != "end":
            self.place += 1
        return token

    def sees(self, *texts: str) -> bool:
        """Whether the next token is one of these signs."""
        return self.tokens[self.place].kind == "sign" and self.tokens[self.place].text in texts

    def taken(self, *texts: str) -> str:
        """The sign that is next and one of these, and on; or nothing."""
        return self.take().text if self.sees(*texts) else ""

    def close(self, opening: str) -> None:
        """Raises Unreadable unless the bracket that closes the opening one is next."""
        if not self.taken(CLOSING.get(opening, opening)):
            if self.next.kind == "end":
                raise Unreadable(f"the bracket {opening} is never closed")
            raise self.refusal()

    def deeper(self) -> None:
        """Raises Unreadable where brackets and powers are nested too deep."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable(f"brackets or powers are nested more than {DEEPEST} deep")

    def refusal(self) -> Unreadable:
        """Why it cannot be read on."""
        token = self.next
        if token.kind == "end":
            return Unreadable("it is not finished")
        if token.kind in ("line", "cell"):
            return Unreadable("a line ends, or a cell, where it should go on")
        reasons = {
            "=": "it is an equation: give one side only",
            ":": "a colon may be a ratio or a division: write / for a division",
            ")": "a bracket ) is closed that was never opened",
            "]": "a bracket ] is closed that was never opened",
            "}": "a bracket } is closed that was never opened",
            "_": "digits may not be grouped by _",
            "\\": "a backslash is no division sign: write /",
            ".": "it has a point where none belongs",
            ",": "it has a comma where none belongs",
            ";": "it has a semicolon where none belongs",
            "…": "the digits go on: write a fraction",
            "?": "it has a question mark",
        }
        if token.text in reasons:
            return Unreadable(reasons[token.text])
        return Unreadable(f"{quoted(token.text)} is not understood there")
