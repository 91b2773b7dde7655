// What a reader does: pointing at cells, clicks, keys, and fields.

/** What keys do, as buttons say it in `data-do`: of whom, what, and with what. */
const PLAYING = { n: "player step 1", p: "player step -1", " ": "player toggle" };
const KEYS = { ...PLAYING, Escape: "page release", u: "page ask", e: "page edit", i: "page input" };
const PRESENTING = { PageDown: "page turn next", PageUp: "page turn previous" };
/** By how many rows and columns a key goes on in a table. */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const FAR_MOVES = { Home: [0, -Infinity], End: [0, Infinity] };

/** Do what a button or a key says. */
function act(text) {
  const [who, what, how] = text.split(" ");
  ({ page, player, history })[who][what](how);
}

/** The cell that an element shows or is about; undefined for another. */
function cellOf(element) {
  return element.closest("[data-cell]")?.dataset.cell.split(",").map(Number);
}

/** Go from a cell to another in its table. */
function move(cell, [down, right]) {
  const rows = [...cell.closest("table").rows].map((row) => [...row.querySelectorAll("[tabindex]")]);
  const lines = rows.filter(({ length }) => length);
  const within = (at, line) => line[Math.max(0, Math.min(line.length - 1, at))];
  const row = lines.findIndex((line) => line.includes(cell));
  within(lines[row].indexOf(cell) + right, within(row + down, lines)).focus();
}

/** Put what a field says into its cell. */
function put(field) {
  const words = field.list && [...field.list.options].map(({ value }) => value);
  const x = words ? words.indexOf(field.value) : numberIn(field.value);
  const isWrong = x === null || (words && x < 0);
  field.setCustomValidity(isWrong ? say("no_number", { text: field.value }) : "");
  if (isWrong) field.reportValidity();
  else page.change([[...field.dataset.set.split(",").map(Number), x]]);
}

addEventListener("click", ({ target }) => {
  const element = target.closest("button, [data-cell]");
  const { do: action, part, block, cell } = element?.dataset ?? {};
  if (action) act(action);
  else if (part) {
    goTo(page.view.parts[part]);
    const [first] = page.view.of(Number(part))[block].cells;
    first.scrollIntoView({ block: "center", inline: "nearest" });
    first.focus({ preventScroll: true });
  } else if (element?.matches("td") && page.isKept && String(page.cell) === cell) page.release();
  else if (cell) page.choose(cellOf(element));
});

for (const kind of ["mouseover", "focusin"])
  byId("parts").addEventListener(kind, ({ target }) => {
    const cell = cellOf(target);
    if (cell && !page.isKept) page.follow(cell);
    if (kind === "mouseover" || !target.matches("td")) return;
    target.closest("table").querySelector("[tabindex='0']").tabIndex = -1;
    target.tabIndex = 0;
  });

addEventListener("change", ({ target }) => {
  if (target.dataset.set && target.id !== "new-number") put(target);
  else if (target.dataset.answer) page.practice.check(target.dataset.answer);
  else if (target.id === "position") drawStart();
});

addEventListener("submit", (event) => {
  event.preventDefault();
  put(event.target.elements[0]);
});

addEventListener("keydown", (event) => {
  const { key, target, altKey } = event;
  const isControl = event.ctrlKey || event.metaKey;
  const isTyping = target.matches("input:not([type=checkbox]), select");
  const isPressed = [" ", "Enter"].includes(key) && target.matches("button, summary, a, input");
  const isUndo = isControl && key === "z" && !(isTyping && target.value !== target.defaultValue);
  const isOther = isControl || altKey || (isTyping && key !== "Escape") || isPressed;
  const isInGrid = target.matches("td");
  const step = isInGrid && (MOVES[key] ?? FAR_MOVES[key]);
  const action = KEYS[key] ?? (byId("present").checked && PRESENTING[key]);
  if (isUndo) page.undo();
  else if (isOther || !(step || action || (isInGrid && key === "Enter"))) return;
  else if (step) move(target, step);
  else if (action) act(action);
  else page.choose(cellOf(target));
  event.preventDefault();
});

byId("parts").addEventListener("scroll", scrollTogether, { capture: true, passive: true });
function scrollTogether({ target: { parentElement, scrollLeft: left } }) {
  for (const side of parentElement.parentElement.querySelectorAll(".scroll"))
    side.scrollTo({ left, behavior: "instant" });
}

addEventListener("hashchange", () => page.restore());
addEventListener("beforeprint", () => page.view.parts.forEach((part) => page.view.draw(part)));
