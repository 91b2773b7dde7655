// A handle for scripts, and the beginning.

/** The number of a table. Throws an error for one that there is not. */
function tableNamed(name) {
  if (!page.lesson.names.has(name)) throw new Error(`There is no table ${String(name)}: byhand.names() lists them.`);
  return page.lesson.names.get(name);
}

/** A cell by its table's name, counted from 1. Throws an error for one that there is not. */
function cellNamed(name, row, column) {
  const cell = [tableNamed(name), row - 1, column - 1];
  const { rows, columns } = page.lesson.tables[cell[0]];
  const sentence = `${name} has rows 1 to ${rows} and columns 1 to ${columns}: there is no cell ${row},${column}.`;
  if (![row, column].every(Number.isInteger) || !page.lesson.has(cell)) throw new Error(sentence);
  return cell;
}

const named = ([n, i, j]) => [page.lesson.tables[n].name, i + 1, j + 1];

window.byhand = {
  names: () => [...page.lesson.names.keys()],
  value(name) {
    const n = tableNamed(name);
    const { rows, columns } = page.lesson.tables[n];
    return range(rows, (i) => [...page.lesson.table(n).slice(i * columns, (i + 1) * columns)]);
  },
  set(name, row, column, value) {
    const cell = cellNamed(name, row, column);
    if (!Number.isFinite(value) || numberIn(String(value)) === null) throw new Error(`${String(value)} is no number.`);
    page.change([[...cell, value]]);
  },
  inputs: (name, row, column) => page.lesson.inputs(...cellNamed(name, row, column)).map(named),
  /** The element of a cell in the place where it is computed; drawn, and scrolled into view. */
  element: (name, row, column) => page.reveal(cellNamed(name, row, column), "instant"),
  /** The cells that are lit: here, chosen, input or user. */
  lit: (kind) => [...document.querySelectorAll(`.lit-${kind}`)].map((element) => named(cellOf(element))),
};

byId("map-side").firstElementChild.open = matchMedia("(min-width: 68rem)").matches;
page.show(0);
if (data.exercise) page.practice = new Practice(data.exercise);
page.redraw();
goTo(page.view.parts[0]);
page.restore();
