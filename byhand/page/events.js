// What a reader does: pointing at cells, clicks, keys, and fields.

/** What buttons do, those of the page and those of the panel, and what keys do. */
const ACTIONS = {
  back: () => history.back(),
  forward: () => history.forward(),
  undo: () => page.undo(),
  reset: () => page.reset(),
  compare: () => page.compare(),
  play: () => player.toggle(),
  step: () => player.step(1),
  step_back: () => player.step(-1),
  stop: () => player.stop(),
  write: () => write(),
  unwrite: () => goOn(-1, null),
  users: () => page.cell && page.askUsers(),
  release: () => page.change([[...page.cell, null]]),
  take_cell: () => page.change([[...page.cell, page.before.value(...page.cell)]]),
  take_table: () => page.change(page.lesson.cells(page.cell[0]).map((cell) => [...cell, page.before.value(...cell)])),
  keep: () => page.cell && page.choose(page.cell),
  edit() {
    if (page.cell && !page.isKept) page.choose(page.cell);
    byId("new-number")?.focus();
    byId("new-number")?.select?.();
  },
  input: () =>
    page.cell &&
    page.lesson
      .inputs(...page.cell)
      .slice(0, 1)
      .forEach((cell) => page.choose(cell)),
  leave() {
    if (!byId("player").hidden) player.stop();
    else if (page.isKept) page.release();
  },
  next_part: () => turn(1),
  part_before: () => turn(-1),
};
const KEYS = {
  " ": "play",
  n: "step",
  p: "step_back",
  u: "users",
  e: "edit",
  i: "input",
  Escape: "leave",
  Enter: "keep",
};
const PRESENTING = { PageDown: "next_part", PageUp: "part_before" };

/** The cell that an element shows or is about; undefined for another. */
function cellOf(element) {
  return element.closest("[data-cell]")?.dataset.cell.split(",").map(Number);
}

/** The element to which a key goes from a cell in its table; undefined at the edge and for another key. */
function beside(cell, key) {
  const { cells, rowIndex } = cell.parentElement;
  const moves = {
    ArrowUp: [-1, cell.cellIndex],
    ArrowDown: [1, cell.cellIndex],
    ArrowLeft: [0, cell.cellIndex - 1],
    ArrowRight: [0, cell.cellIndex + 1],
    Home: [0, [...cells].findIndex((each) => each.matches("td"))],
    End: [0, cells.length - 1],
  };
  const [down, column] = moves[key] ?? [];
  const next = cell.closest("table").rows[rowIndex + down]?.cells[column];
  return next?.matches("[tabindex]") ? next : undefined;
}

/** Put what a field says into its cell. */
function put(field, cell) {
  const x = field.list
    ? [...field.list.options].findIndex(({ value }) => value === field.value)
    : numberIn(field.value);
  const isWrong = x === null || (field.list && x < 0);
  field.setCustomValidity(isWrong ? say("no_number", { text: field.value }) : "");
  if (isWrong) field.reportValidity();
  else page.change([[...cell.split(",").map(Number), x]]);
}

addEventListener("click", ({ target }) => {
  const element = target.closest("button, [data-cell]");
  const { do: action, part, cell } = element?.dataset ?? {};
  if (action) ACTIONS[action]();
  else if (part) goToBox(element.dataset);
  else if (element?.matches("td") && page.isKept && String(page.cell) === cell) page.release();
  else if (cell) page.choose(cellOf(element));
});

for (const kind of ["mouseover", "focusin"])
  byId("parts").addEventListener(kind, ({ target }) => {
    const cell = cellOf(target);
    if (cell && !page.isKept) page.follow(cell, false);
  });

addEventListener("focusin", ({ target }) => {
  if (!target.matches("td")) return;
  for (const cell of target.closest("table").querySelectorAll("[tabindex='0']")) cell.tabIndex = -1;
  target.tabIndex = 0;
});

addEventListener("change", ({ target }) => {
  const { set, answer } = target.dataset;
  if (set) put(target, set);
  else if (answer) page.practice.check(answer, target);
  else if (target.id === "position") drawStart();
});

addEventListener("submit", (event) => {
  event.preventDefault();
  put(event.target.elements[0], event.target.dataset.cell);
});

addEventListener("keydown", (event) => {
  const { key, target, altKey } = event;
  const isControl = event.ctrlKey || event.metaKey;
  const isTyping = target.matches("input:not([type=checkbox]), select");
  const isPressed = [" ", "Enter"].includes(key) && target.matches("button, summary, a, input");
  const isUndo = isControl && key === "z" && !(isTyping && target.value !== target.defaultValue);
  const isOther = isControl || altKey || (isTyping && key !== "Escape") || isPressed;
  const next = !isOther && target.matches("td") && beside(target, key);
  const name = KEYS[key] ?? (byId("present").checked && PRESENTING[key]);
  if (next) next.focus();
  else if (isUndo) page.undo();
  else if (!isOther && ACTIONS[name]) ACTIONS[name]();
  else return;
  event.preventDefault();
});

addEventListener("hashchange", () => page.restore());
addEventListener("beforeprint", () => page.view.parts.forEach((_, part) => page.view.draw(part)));
