"""From a graph to an .xlsx file."""

from pathlib import Path

from byhand.models.architecture import Graph
from byhand.workbook.book import About, Book, PageWriter, defined_name, range_of, tab_colour
from byhand.workbook.contents import plan, write_home
from byhand.workbook.write import BookFile


def write_workbook(graph: Graph, about: About, path: Path, turned: bool = False) -> int:
    """Write the graph as a live workbook (turned: tokens as columns) and return the number of its formula cells.

    ByhandError if the model is too large for a sheet, or the file cannot be written; then there is no file.
    """
    book = Book(graph, about, turned)
    place = plan(book)
    file = BookFile(path, about.title)
    sheets = {page: file.sheet(book.sheet_names[page], tab_colour(page)) for page in [book.home, *book.pages]}
    for number, page in enumerate(book.pages):
        PageWriter(book, file, sheets[page], page).write(number)
    write_home(book, file, sheets[book.home], place)
    for node, block in book.homes.items():
        file.name(defined_name(node), range_of(book, block))
    file.save()
    return file.formula_cells
