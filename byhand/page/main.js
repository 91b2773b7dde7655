// The page comes to life: the lesson from the data of the page, its view, and a handle for scripts.

const data = JSON.parse(document.getElementById("lesson").textContent);
const lesson = new Lesson(data, byhandRules[0], byhandForms[0]);
const view = new View(data, lesson, document.getElementById("parts"));

/** A table as nested lists. */
function nested(n) {
  const { rows, columns } = lesson.tables[n];
  const numbers = lesson.table(n);
  return Array.from({ length: rows }, (_, i) => Array.from(numbers.subarray(i * columns, (i + 1) * columns)));
}

/** The number of a table and a cell of it, counted from 0. Throws an error for a cell that there is not. */
function cellOf(name, row, column) {
  const n = lesson.number(name);
  const { rows, columns } = lesson.tables[n];
  const fits = (x, size) => Number.isInteger(x) && x >= 1 && x <= size;
  if (!fits(row, rows) || !fits(column, columns)) {
    throw new Error(`${name} has rows 1 to ${rows} and columns 1 to ${columns}: there is no cell ${row},${column}.`);
  }
  return [n, row - 1, column - 1];
}

window.byhand = {
  names: () => [...lesson.names.keys()],
  value: (name) => nested(lesson.number(name)),
  set(name, row, column, value) {
    if (typeof value !== "number" || !Number.isFinite(value)) throw new Error(`${value} is no number.`);
    const [n, i, j] = cellOf(name, row, column);
    if (!lesson.isGiven(n)) throw new Error(`${name} is computed: set one of the tables that it is computed from.`);
    lesson.set(n, i, j, value);
    view.update();
  },
  inputs: (name, row, column) =>
    lesson.inputs(...cellOf(name, row, column)).map(([n, i, j]) => [lesson.tables[n].name, i + 1, j + 1]),
};
