"""LaTeX in keyboard notation: commands become signs and names, groups become brackets, and matrices become lists."""

from __future__ import annotations

import re

from byhand.answers.characters import GREEK
from byhand.answers.grammar import FUNCTIONS
from byhand.answers.limits import DEEPEST, Unreadable

_SIGNS = {
    "cdot": "*",
    "cdotp": "*",
    "bullet": "*",
    "times": "*",
    "ast": "*",
    "div": "/",
    "slash": "/",
    "approx": "~",
    "simeq": "~",
    "cong": "~",
    "sim": "~",
    "doteq": "~",
    "infty": "∞",
    "lvert": "|",
    "rvert": "|",
    "vert": "|",
    "mid": "|",
    "lbrack": "[",
    "rbrack": "]",
    "lbrace": "{",
    "rbrace": "}",
    "lparen": "(",
    "rparen": ")",
    "langle": "<",
    "rangle": ">",
    "lt": "<",
    "gt": ">",
    "colon": ":",
    "coloneqq": ":=",
    "top": "T",
    "intercal": "T",
    "prime": "'",
    "dots": "…",
    "ldots": "…",
    "cdots": "…",
    "percent": "%",
    "euler": "e",
}
_LETTERS = {name: letter for letter, name in GREEK.items()} | {"varepsilon": "ε", "varphi": "φ", "lamda": "λ"}
_BLANKS = frozenset("quad qquad thinspace medspace thickspace enspace enskip nobreakspace space hfill".split())
_IDLE = frozenset(
    "left right middle displaystyle textstyle scriptstyle limits nolimits rm bf it sf tt bfseries em normalsize "
    "large Large small tiny hline toprule midrule bottomrule protect relax strut null notag nonumber negthinspace "
    "big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm centering".split()
)
"""Commands that change only how a formula looks."""
_AROUND = frozenset(
    "boxed fbox ensuremath underline uline emph mathop mathbb bm boldsymbol mathstrut mathbin mathrel mathord "
    "mathopen mathclose smash".split()
)
"""Commands around a formula that change only how it looks."""
_TEXTS = frozenset(
    "text textrm textbf textit textsf texttt textnormal textup mbox hbox mathrm mathbf mathit mathsf mathtt "
    "mathnormal operatorname unit si".split()
)
"""Commands around letters."""
_DROPPED = frozenset("hspace vspace phantom hphantom vphantom color label tag cline".split())
"""Commands that are left out with their argument."""
_FRACTIONS = frozenset("frac dfrac tfrac cfrac sfrac nicefrac flatfrac over".split())
_MATRICES = frozenset("matrix pmatrix bmatrix Bmatrix smallmatrix psmallmatrix bsmallmatrix array tabular".split())
_LINES = frozenset("equation align gather aligned gathered split math displaymath multline eqnarray center".split())
_DETERMINANTS = frozenset("vmatrix Vmatrix vsmallmatrix".split())
_ROW_END = re.compile(
    r"\\\\\*?(?:\s*\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in|mu|bp|sp)\s*\])?|\\(?:cr|tabularnewline|newline)(?![A-Za-z])"
)
_COMMAND = re.compile(r"\\([A-Za-z]+\*?|.)", re.DOTALL)
_END = re.compile(r"\\end\s*\{([A-Za-z]{1,20})\*?\}")
_BEGIN = re.compile(r"\s*\{([A-Za-z]{1,20})(\*?)\}")
_OPTION = re.compile(r"\s*\[[^\]\[]{0,40}\]")
_COLUMNS = re.compile(r"\s*\{(?:[^{}]|\{[^{}]{0,40}\}){0,80}\}")
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_WORD = re.compile(r"[-+]?(?:\d+|[A-Za-z]|[^\sA-Za-z\d\\{}])", re.ASCII)
_SCIENTIFIC = re.compile(r"\s*([-+]?[\d.,]+)\s*[eEdD]\s*([-+]?\d{1,5})\s*", re.ASCII)
_BASE = re.compile(r"\s*_\s*(10|[2-9])", re.ASCII)
_FRACTION = re.compile(r"\\frac\{[^{}]*\}\{[^{}]*\}")
_ALONE = frozenset([",", ".", "=", ":", "-", "+", "*", "/", ";"])
LACKS = "a LaTeX command lacks its braces {...}"


def looks_like_latex(text: str) -> bool:
    """Return whether an answer is written in LaTeX, or in a part of it such as `1 & 2` and `0{,}5`."""
    return "\\" in text or "&" in text or text.count("$") > 1 or "{,}" in text or "{.}" in text


def from_latex(text: str) -> str:
    r"""Return LaTeX in keyboard notation; \frac, \sqrt and unknown commands stay. Raises Unreadable."""
    return _Scanner(text).whole()


class _Scanner:
    """Reads LaTeX from left to right. stop: what ends the part that is being read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.depth = 0
        self.dollars = text.count("$") % 2 == 0

    def whole(self) -> str:
        """Return the whole text; rows and cells outside a matrix have the same signs as those inside."""
        parts: list[str] = []
        while self.place < len(self.text):
            parts.append(self.part())
            if self.take("&"):
                parts.append(" , ")
            elif self.row_end():
                parts.append(" ; ")
            elif self.take("}"):
                parts.append("}")
            elif end := _END.match(self.text, self.place):
                raise Unreadable("the table {name} is closed and was never opened", name=end[1])
        return re.sub(r"(?:\s*;)+\s*$", "", "".join(parts)) if "\\\\" in self.text else "".join(parts)

    def part(self) -> str:
        r"""Read up to the end of a group, a cell, a row or a table. a \over b becomes a fraction."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable("brackets or powers are nested more than {most} deep", most=DEEPEST)
        parts: list[str] = []
        over: list[str] | None = None
        while self.place < len(self.text):
            c = self.text[self.place]
            if c in "&}" or (
                c == "\\" and (_ROW_END.match(self.text, self.place) or _END.match(self.text, self.place))
            ):
                break
            if c == "\\" and re.compile(r"\\over(?![A-Za-z])").match(self.text, self.place):
                self.place += 5
                if over is not None:
                    raise Unreadable("two fractions follow one another without braces")
                over, parts = parts, []
                continue
            parts.append(self.one())
        self.depth -= 1
        whole = "".join(parts)
        return whole if over is None else f"\\frac{{{''.join(over)}}}{{{whole}}}"

    def ends(self) -> bool:
        """Whether a row or a table ends here."""
        return any(pattern.match(self.text, self.place) for pattern in (_ROW_END, _END))

    def one(self) -> str:
        """Read one character, group, power or command."""
        c = self.text[self.place]
        if c == "{":
            return self.standing(self.group())
        if c == "$" and self.dollars:
            self.place += 1
            return " " if self.place > 1 else ""
        if c in "^_":
            self.place += 1
            return self.raised() if c == "^" else self.lowered()
        if c == "\\":
            return self.command()
        self.place += 1
        return c

    def take(self, sign: str) -> bool:
        found = self.text.startswith(sign, self.place)
        self.place += len(sign) if found else 0
        return found

    def row_end(self) -> bool:
        match = _ROW_END.match(self.text, self.place)
        self.place = match.end() if match else self.place
        return match is not None

    def skip(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.place)
        self.place = match.end() if match else self.place
        return match

    def group(self) -> str:
        """Read a group in braces and return what is inside."""
        self.place += 1
        inner = self.part()
        while self.place < len(self.text) and not self.take("}"):
            if self.take("&") or self.row_end():
                raise Unreadable("a row or a cell ends inside braces")
            raise Unreadable("a table ends inside braces")
        if self.text[self.place - 1] != "}":
            raise Unreadable("the bracket { is never closed")
        return inner

    def standing(self, inner: str) -> str:
        """Return a group that no command precedes: in round brackets if it is an expression."""
        bare = inner.strip()
        if bare in _ALONE or not bare or _FRACTION.fullmatch(bare):
            return bare
        return f"({inner})"

    def argument(self) -> str:
        """Read the argument of a command: a group, a command or one sign. Raises Unreadable if there is none."""
        self.blanks()
        if self.place >= len(self.text) or self.text[self.place] in "}&":
            raise Unreadable(LACKS)
        if self.text[self.place] == "{":
            inner = self.group()
            if not inner.strip():
                raise Unreadable("a LaTeX command has nothing in its braces")
            return inner
        if self.text[self.place] == "\\":
            return self.command()
        self.place += 1
        return self.text[self.place - 1]

    def blanks(self) -> None:
        while self.place < len(self.text) and self.text[self.place] in " \n\t":
            self.place += 1

    def raised(self) -> str:
        """Read a power; of a number without braces, all digits."""
        self.blanks()
        if self.place < len(self.text) and self.text[self.place] == "{":
            return f"^{{{self.group().strip()}}}"
        sign = self.text[self.place] if self.text[self.place : self.place + 1] in ("-", "+") else ""
        self.place += len(sign)
        if number := self.skip(_NUMBER):
            return f"^{{{sign}{number[0]}}}"
        if self.place < len(self.text) and self.text[self.place] == "(":
            return f"^{sign}"
        argument = self.argument().strip()
        return f"^{{{sign}{argument}}}" if argument != "'" else "'"

    def lowered(self) -> str:
        """Read a subscript, which belongs to a name."""
        self.blanks()
        if self.place < len(self.text) and self.text[self.place] == "{":
            return f"_{{{self.group().strip()}}}"
        return f"_{self.argument().strip()}"

    def command(self) -> str:
        match = _COMMAND.match(self.text, self.place)
        if match is None:
            self.place += 1
            return "\\"
        self.place = match.end()
        name = match[1].removesuffix("*")
        if not name.isalpha():
            return self.sign(name)
        if name in _FRACTIONS:
            self.skip(_OPTION)
            return f"\\frac{{{self.argument()}}}{{{self.argument()}}}"
        if name == "sqrt":
            return self.root()
        if name in _TEXTS:
            return self.letters()
        if name in _AROUND:
            return self.standing(self.argument())
        if name in _DROPPED or name == "textcolor":
            self.argument()
            return self.standing(self.argument()) if name == "textcolor" else ""
        if name in ("overline", "bar", "dot"):
            return self.repeated(name)
        if name == "begin":
            return self.environment()
        if name in ("num", "SI", "qty"):
            return self.quantity(name)
        if name in _MATRICES and re.match(r"\s*\{", self.text[self.place : self.place + 9]):
            return self.old_matrix()
        return self.word(name)

    def sign(self, name: str) -> str:
        """Return the sign of a command without letters."""
        if name in "()[]":
            return " "
        if name in ",;:> \n\t/":
            return " " if name != "/" else ""
        return "" if name == "!" else name if name in "%{}$&#_" else f"\\{name}"

    def word(self, name: str) -> str:
        """Return the keyboard's word or sign of a command without arguments."""
        if name in _BLANKS:
            return " "
        if name in _IDLE:
            if name in ("left", "right") and self.skip(re.compile(r"\s*\.")):
                return ""
            if not name.startswith(("left", "right", "middle", "big", "Big")):
                return " "
            return ""
        if name in _SIGNS:
            return _SIGNS[name]
        if name == "log" and (base := self.skip(_BASE)):
            return f" log_{{{base[1]}}} "
        if (name in FUNCTIONS and name != "sqrt") or name == "log":
            following = self.text[self.place : self.place + 1]
            return f" {name} " if following.isalnum() else f" {name}"
        return _LETTERS.get(name, f"\\{name}")

    def letters(self) -> str:
        r"""Return the letters inside \text{...} and its like, with blanks around a word."""
        self.blanks()
        if self.text[self.place : self.place + 1] != "{":
            return self.argument()
        inner = self.group()
        return f" {inner.strip()} " if re.fullmatch(r"[A-Za-z ]{1,30}", inner) else inner

    def root(self) -> str:
        option = self.skip(_OPTION)
        degree = from_latex(option[0].strip()) if option else ""
        self.blanks()
        if re.match(r"\d{2}", self.text[self.place : self.place + 2]):
            raise Unreadable(r"it is not clear how far \sqrt goes: write \sqrt{...}")
        return f"\\sqrt{degree}{{{self.argument()}}}"

    def repeated(self, name: str) -> str:
        """Return digits that repeat for ever, with a bar over each."""
        inner = self.argument()
        digits = inner.strip()
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 30):
            return f"\\{name}"
        return "".join(f"{digit}\u0305" for digit in digits)

    def quantity(self, name: str) -> str:
        """Return a number, and its unit, as the package siunitx writes them."""
        self.skip(_OPTION)
        number = self.argument()
        if match := _SCIENTIFIC.fullmatch(number):
            number = f"{match[1]}*10^{{{match[2]}}}"
        if name == "num":
            return number
        return f"{number} {re.sub(r'[^A-Za-z]', '', self.argument())}"

    def environment(self) -> str:
        begin = self.skip(_BEGIN)
        if begin is None:
            return "\\begin"
        name = begin[1]
        if name in _DETERMINANTS:
            raise Unreadable("a determinant is not read here: write its value, or a table in brackets")
        if name in _LINES:
            return self.lines()
        if name not in _MATRICES:
            raise Unreadable("the LaTeX table {name} is not read", name=name)
        self.skip(_OPTION)
        if name in ("array", "tabular"):
            self.skip(_COLUMNS)
        rows = self.rows()
        if not self.skip(_END):
            raise Unreadable("the table {name} is never closed", name=name)
        return rows

    def old_matrix(self) -> str:
        r"""Return a table of plain TeX: \matrix{1&2\cr 3&4}."""
        self.blanks()
        self.place += 1
        rows = self.rows()
        if not self.take("}"):
            raise Unreadable("the bracket { is never closed")
        return rows

    def rows(self) -> str:
        """Read the cells of a table and return them as a list: [1 , 2 ; 3 , 4]."""
        rows: list[list[str]] = [[]]
        while True:
            rows[-1].append(self.part().strip())
            if self.take("&"):
                continue
            if self.row_end():
                rows.append([])
                continue
            break
        if rows[-1] == [""]:
            rows.pop()
        return f"[{' ; '.join(' , '.join(row) for row in rows)}]"

    def lines(self) -> str:
        """Return the lines of equations, one after the other."""
        parts: list[str] = []
        while self.place < len(self.text):
            parts.append(self.part())
            if self.take("&"):
                continue
            if self.row_end():
                parts.append(" ")
                continue
            if self.skip(_END):
                break
            if self.take("}"):
                raise Unreadable("a bracket } is closed that was never opened")
        return "".join(parts)
