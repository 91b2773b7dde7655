// The page comes to life: pointing at cells, going from one to the next, and a handle for scripts.

/** The cell of the lesson that an element inside a cell shows; null for what is in none. */
function cellShownAt(element) {
  const { grid, ...at } = element.closest("td") ?? {};
  return grid ? grid.source(...grid.placeOf(at)) : null;
}

/** The element of the cell to which a key goes from another in its grid; undefined at the edge. */
function beside({ grid, r, c }, key) {
  const [row, column] = grid.placeOf({ r, c });
  const moves = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [row, 0],
    End: [row, grid.width - 1],
  };
  const [down, right] = moves[key] ?? [-1, -1];
  const isInside = down >= 0 && down < grid.height && right >= 0 && right < grid.width;
  return isInside ? grid.elementAt(down, right, true) : undefined;
}

function focusCell(element) {
  for (const cell of element.grid.cells.flat()) cell.tabIndex = cell === element ? 0 : -1;
  element.focus();
}

const isTyping = ({ target }) => target.matches?.("input, select, textarea");
const pointAt = ({ target }) => cellShownAt(target) && page.point(cellShownAt(target));
set(byId("parts"), {
  onmouseover: pointAt,
  onfocusin: pointAt,
  onkeydown(event) {
    const element = event.target.closest("td");
    if (!element || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = beside(element, event.key);
    if (next) focusCell(next);
    if (next || event.key.startsWith("Arrow")) event.preventDefault();
  },
});
addEventListener("beforeprint", () => page.view.parts.forEach((part) => part.draw()));

/** The number of a table. Throws an error for one that there is not. */
function tableNamed(name) {
  if (!page.lesson.names.has(name)) throw new Error(`There is no table ${String(name)}: byhand.names() lists them.`);
  return page.lesson.names.get(name);
}

/** A cell by its table's name, counted from 1. Throws an error for one that there is not. */
function cellNamed(name, row, column) {
  const n = tableNamed(name);
  const cell = [n, row - 1, column - 1];
  const { rows, columns } = page.lesson.tables[n];
  if (![row, column].every(Number.isInteger) || !page.lesson.has(cell))
    throw new Error(
      `${name} has rows 1 to ${rows} and columns 1 to ${columns}: there is no cell ${String(row)},${String(column)}.`,
    );
  return cell;
}

/** Cells with their tables' names, counted from 1, each once. */
function named(cells) {
  const once = new Map(cells.map((cell) => [cell.join(), cell])).values();
  return Array.from(once, ([n, i, j]) => [page.lesson.tables[n].name, i + 1, j + 1]);
}

window.byhand = {
  names: () => [...page.lesson.names.keys()],
  value(name) {
    const n = tableNamed(name);
    const { rows, columns } = page.lesson.tables[n];
    const values = Array.from(page.lesson.table(n));
    return numbers(rows).map((i) => values.slice(i * columns, (i + 1) * columns));
  },
  set(name, row, column, value) {
    const cell = cellNamed(name, row, column);
    if (!Number.isFinite(value) || numberIn(String(value)) === null) throw new Error(`${String(value)} is no number.`);
    page.change([[...cell, value]]);
  },
  inputs: (name, row, column) => named(page.lesson.inputs(...cellNamed(name, row, column))),
  /** The element of a cell in the place where it is computed; drawn, and scrolled into view. */
  element: (name, row, column) => page.reveal(cellNamed(name, row, column), "instant"),
  /** The cells that are lit: here, chosen, input or user. */
  lit: (kind) =>
    named(page.view.lit.filter(([, lit]) => lit === `lit-${kind}`).map(([element]) => cellShownAt(element))),
};

page.show(0);
if (data.exercise) page.practice = new Practice(data.exercise);
page.redraw();
page.restore();
