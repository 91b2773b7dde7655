"""Where a document goes: in which format, to the terminal or into a file."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from shutil import get_terminal_size

from byhand.documents import plain
from byhand.documents.document import Document
from byhand.errors import ByhandError, quoted
from byhand.files import check_place, save

WRITERS = {"md": "markdown", "txt": "plain", "tex": "tex", "html": "html", "pdf": "pdf"}
"""Format -> the file of this folder that writes it."""
SUFFIXES = {
    ".md": "md",
    ".markdown": "md",
    ".txt": "txt",
    ".tex": "tex",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
}
NO_TYPST = (
    "A PDF is set by Typst, which is not installed: install it with `pip install 'byhand[pdf]'`, or choose another "
    "format, such as html."
)


def chosen(output: Path | None, said: str | None, force: bool = False) -> str:
    """Return the format that --format names or, without it, that of the file's suffix; txt for the terminal.

    ByhandError if the two contradict each other, if there is no such format, or if the file cannot be written.
    """
    by_name = SUFFIXES.get(output.suffix.lower()) if output else "txt"
    if output and said is None and not by_name:
        raise ByhandError(
            f"{output} has no suffix of a format: end it in .md, .txt, .tex, .html or .pdf, or add --format."
        )
    if output and said is not None and by_name not in (said, None):
        raise ByhandError(f"{output} is the name of {by_name}, but --format says {said}: change one of the two.")
    form = str(by_name if said is None else said)
    if form not in WRITERS:
        raise ByhandError(f"There is no format {quoted(form)}; there are: {', '.join(WRITERS)}.")
    if form == "pdf" and not output:
        raise ByhandError("A PDF is not for the terminal: name a file with -o, such as -o page.pdf.")
    if form == "pdf" and find_spec("typst") is None:
        raise ByhandError(NO_TYPST)
    if output:
        check_place(output, force)
    return form


def written(document: Document, form: str) -> bytes:
    """Return the document in one of the formats; text is UTF-8."""
    data: bytes = import_module(f"byhand.documents.{WRITERS[form]}").write(document)
    return data


def hand_out(document: Document, form: str, output: Path | None) -> str:
    """Write the document to a file, if one is named. Return what the terminal prints: a sentence, else the document."""
    if output is None:
        width = get_terminal_size().columns
        return plain.on_terminal(document, width) if form == "txt" else written(document, form).decode()
    save(output, written(document, form))
    return f"Wrote {output}.\n"
