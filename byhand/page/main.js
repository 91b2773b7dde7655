// The page comes to life: its buttons and keys, and a handle for scripts.

const data = JSON.parse(byId("lesson").textContent);
const app = new App();
app.presenter = new Presenter(app);
app.map = new ModelMap(app, byId("map-side"));
app.player = new Player(app, byId("player"));

/** The element of the cell in which something happens. */
function cellOf({ target }) {
  const element = target.closest?.("td");
  return element?.at ? element : null;
}

/** The cell of the lesson that an element shows. */
function shownIn(element) {
  return element.at[0].sourceOf(element);
}

/** The cell beside another in its grid, for the arrow keys; null at the edge. */
function beside({ at: [block, r, c] }, key) {
  const [row, column] = [block.first[0] + r, block.first[1] + c];
  const moves = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [row, 0],
    End: [row, block.width - 1],
  };
  const [down, right] = moves[key] ?? [-1];
  const inside = down >= 0 && down < block.height && right >= 0 && right < block.width;
  return inside ? block.cellAt([down, right], true) : null;
}

function focusCell(element) {
  for (const cell of element.at[0].cells.flat()) cell.tabIndex = cell === element ? 0 : -1;
  element.focus();
}

const typing = (target) => target.matches?.("input, select, textarea");

set(byId("parts"), {
  onmouseover(event) {
    const element = cellOf(event);
    if (element) app.point(shownIn(element));
  },
  onfocusin(event) {
    const element = cellOf(event);
    if (!element) return;
    app.point(shownIn(element));
    if (app.practice) return;
    byId("spoken").textContent = new Formulas(app.view).spoken(shownIn(element));
    set(element, { "aria-describedby": "spoken" });
  },
  onclick(event) {
    const element = cellOf(event);
    if (!element || app.practice) return;
    const cell = shownIn(element);
    focusCell(element);
    if (app.kept && app.cell.join() === cell.join()) app.release();
    else app.choose(cell);
  },
  onkeydown(event) {
    const element = cellOf(event);
    if (!element || typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = beside(element, event.key);
    if (next) focusCell(next);
    else if (event.key === "Enter") app.choose(shownIn(element));
    else if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
  },
});

/** Keys that work anywhere but where one types. */
const KEYS = {
  " ": () => app.player.toggle(),
  n: () => app.player.step(1),
  p: () => app.player.step(-1),
  u: () => app.cell && app.askUsers(),
  e() {
    if (!app.cell) return;
    if (!app.kept) app.choose(app.cell);
    const field = document.querySelector("#cell input, #cell select");
    field?.focus();
    field?.select?.();
  },
  i() {
    const first = app.cell && app.lesson.inputs(...app.cell)[0];
    if (!first) return;
    app.choose(first);
    const element = app.reveal(first);
    if (element) focusCell(element);
  },
  Escape() {
    if (!app.player.element.hidden) app.player.stop();
    else if (app.kept) app.release();
  },
  PageDown: () => app.presenter.turn(1),
  PageUp: () => app.presenter.turn(-1),
};
addEventListener("keydown", (event) => {
  const { key, target } = event;
  const control = event.ctrlKey || event.metaKey;
  const unfinished = target.matches?.("input") && target.value !== target.defaultValue;
  const pressed = key === " " && target.matches?.("button, summary, a");
  const isOther = control || event.altKey || (typing(target) && key !== "Escape") || pressed;
  let action = isOther ? null : KEYS[key];
  if (key.startsWith("Page") && !app.presenter.on) action = null;
  if (control && key === "z" && !unfinished) action = () => app.undo();
  if (app.practice || !action) return;
  action();
  event.preventDefault();
});

const BUTTONS = {
  back: () => history.back(),
  forward: () => history.forward(),
  undo: () => app.undo(),
  reset: () => app.reset(),
  play: () => app.player.toggle(),
  compare: () => app.compare(),
  swap: () => app.swap(),
  present: () => app.presenter.toggle(),
  look: () => toggleLook(),
};
for (const [id, onclick] of Object.entries(BUTTONS)) set(byId(id), { onclick });

addEventListener("hashchange", () => app.restore(location.hash.slice(1)));
if (location.hash.length > 1) app.restore(location.hash.slice(1));

/** The number of a table. Throws an error for one that there is not. */
function tableNamed(name) {
  const n = app.lesson.names.get(name);
  if (n === undefined) throw new Error(`There is no table ${name}.`);
  return n;
}

/** A cell by its table's name, counted from 1. Throws an error for one that there is not. */
function cellNamed(name, row, column) {
  const cell = [tableNamed(name), row - 1, column - 1];
  const { rows, columns } = app.lesson.tables[cell[0]];
  if (![row, column].every((x) => Number.isInteger(x) && x > 0) || !app.lesson.has(cell))
    throw new Error(`${name} has rows 1 to ${rows} and columns 1 to ${columns}: there is no cell ${row},${column}.`);
  return cell;
}

/** Cells with their tables' names, counted from 1, each once. */
function named(cells) {
  const once = [...new Map(cells.map((cell) => [cell.join(), cell])).values()];
  return once.map(([n, i, j]) => [app.lesson.tables[n].name, i + 1, j + 1]);
}

window.byhand = {
  names: () => [...app.lesson.names.keys()],
  value(name) {
    const n = tableNamed(name);
    const { rows, columns } = app.lesson.tables[n];
    const numbers = Array.from(app.lesson.table(n));
    return Array.from({ length: rows }, (_, i) => numbers.slice(i * columns, (i + 1) * columns));
  },
  set(name, row, column, value) {
    if (typeof value !== "number" || !Number.isFinite(value)) throw new Error(`${value} is no number.`);
    app.change([[...cellNamed(name, row, column), value]]);
  },
  inputs: (...cell) => named(app.lesson.inputs(...cellNamed(...cell))),
  /** The element of a cell in the place where it is computed; drawn, and scrolled into view. */
  element: (...cell) => app.reveal(cellNamed(...cell), "instant"),
  /** The cells that are lit: here, chosen, input or user. */
  lit: (kind) => named(app.view.litCells(kind)),
};
