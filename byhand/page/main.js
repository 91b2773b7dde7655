// The page comes to life: its buttons and keys, and a handle for scripts.

const data = JSON.parse(document.getElementById("lesson").textContent);
const app = new App(document.getElementById("parts"));
app.presenter = new Presenter(app);
app.map = new ModelMap(app, document.getElementById("map"));
app.player = new Player(app, document.getElementById("player"));

function cellAt(target) {
  const at = target.closest?.("td")?.at;
  return at ? at[0].sourceOf(at) : null;
}

/** The cell beside another in its grid, for the arrow keys. */
function beside(element, key) {
  const [block, r, c] = element.at;
  const [row, column] = [block.first[0] + r, block.first[1] + c];
  const moves = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [row, 0],
    End: [row, block.width - 1],
  };
  const [down, right] = moves[key];
  const inside = down >= 0 && down < block.height && right >= 0 && right < block.width;
  return inside ? block.cellAt([down, right], true) : null;
}

function focusCell(element) {
  const [block] = element.at;
  block.cells.flat().forEach((cell) => cell.setAttribute("tabindex", cell === element ? "0" : "-1"));
  element.focus();
}

const typing = (target) => target.matches?.("input, select, textarea");

const parts = document.getElementById("parts");
parts.addEventListener("mouseover", (event) => {
  const cell = cellAt(event.target);
  if (cell) app.point(cell);
});
parts.addEventListener("focusin", (event) => {
  const cell = cellAt(event.target);
  if (!cell) return;
  app.point(cell);
  if (app.practice) return;
  document.getElementById("spoken").textContent = new Formulas(app.view).spoken(cell);
  event.target.setAttribute("aria-describedby", "spoken");
});
parts.addEventListener("click", (event) => {
  const element = event.target.closest?.("td");
  const cell = cellAt(event.target);
  if (!cell) return;
  if (app.practice || element.matches(":not([tabindex])")) return;
  focusCell(element);
  if (app.kept && app.cell?.join() === cell.join()) app.release();
  else app.choose(cell);
});
parts.addEventListener("keydown", (event) => {
  const element = event.target.closest?.("td");
  if (!element?.at || typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") {
    const next = beside(element, event.key);
    if (next) focusCell(next);
    event.preventDefault();
  } else if (event.key === "Enter") {
    app.choose(cellAt(element));
    event.preventDefault();
  }
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
    if (app.player.isShown) app.player.stop();
    else if (app.kept) app.release();
  },
  PageDown: () => app.presenter.on && app.presenter.turn(1),
  PageUp: () => app.presenter.on && app.presenter.turn(-1),
};
addEventListener("keydown", (event) => {
  const { target } = event;
  const unfinished = target.matches?.("input") && target.value !== target.defaultValue;
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && !unfinished) {
    app.undo();
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || (typing(event.target) && event.key !== "Escape")) return;
  if (event.key === " " && event.target.matches?.("button, summary, a")) return;
  const action = app.practice ? null : KEYS[event.key];
  if (!action || ((event.key === "PageDown" || event.key === "PageUp") && !app.presenter.on)) return;
  action();
  event.preventDefault();
});

const BUTTONS = {
  back: () => history.back(),
  forward: () => history.forward(),
  undo: () => app.undo(),
  reset: () => app.reset(),
  play: () => app.player.toggle(),
  compare(button) {
    app.compare();
    button.setAttribute("aria-pressed", String(Boolean(app.other)));
  },
  swap: () => app.swap(),
  present(button) {
    app.presenter.toggle();
    button.setAttribute("aria-pressed", String(app.presenter.on));
  },
  look: () => toggleLook(),
};
for (const [id, action] of Object.entries(BUTTONS)) {
  const button = document.getElementById(id);
  button?.addEventListener("click", () => action(button));
}

function restore() {
  const hash = location.hash.slice(1);
  if (app.practice || hash === app.hashNow) return;
  const strange = app.restore(hash);
  app.notice(strange.length ? say("not_kept", { what: strange.join("; ").slice(0, 200) }) : "");
}
addEventListener("hashchange", restore);
if (location.hash.length > 1) restore();

/** A table as nested lists. */
function nested(n) {
  const { rows, columns } = app.lesson.tables[n];
  const numbers = app.lesson.table(n);
  return Array.from({ length: rows }, (_, i) => Array.from(numbers.subarray(i * columns, (i + 1) * columns)));
}

/** The number of a table and a cell of it, counted from 0. Throws an error for a cell that there is not. */
function cellOf(name, row, column) {
  const n = app.lesson.number(name);
  const { rows, columns } = app.lesson.tables[n];
  const fits = (x, size) => Number.isInteger(x) && x >= 1 && x <= size;
  if (!fits(row, rows) || !fits(column, columns)) {
    throw new Error(`${name} has rows 1 to ${rows} and columns 1 to ${columns}: there is no cell ${row},${column}.`);
  }
  return [n, row - 1, column - 1];
}

/** A cell with its table's name, counted from 1. */
function named([n, i, j]) {
  return [app.lesson.tables[n].name, i + 1, j + 1];
}

window.byhand = {
  names: () => [...app.lesson.names.keys()],
  value: (name) => nested(app.lesson.number(name)),
  set(name, row, column, value) {
    if (typeof value !== "number" || !Number.isFinite(value)) throw new Error(`${value} is no number.`);
    const [n, i, j] = cellOf(name, row, column);
    app.change([[n, i, j, value]]);
  },
  inputs: (name, row, column) => app.lesson.inputs(...cellOf(name, row, column)).map(named),
  /** The element of a cell in the place where it is computed; drawn, and scrolled into view. */
  element: (name, row, column) => app.reveal(cellOf(name, row, column), "instant"),
  /** The cells that are lit: here, chosen, input or user. */
  lit: (kind) =>
    [...new Set(app.view.litCells(kind).map((cell) => cell.join()))].map((key) => named(key.split(",").map(Number))),
};
