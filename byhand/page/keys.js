// Clicks, keys and the buttons at the top: choosing a cell, changes, the address, playing and presenting.

set(byId("parts"), {
  onclick({ target }) {
    const cell = cellShownAt(target);
    if (!cell) return;
    focusCell(target.closest("td"));
    if (page.isKept && page.cell.join() === cell.join()) page.release();
    else page.choose(cell);
  },
  onfocusin({ target }) {
    const cell = cellShownAt(target);
    if (!cell) return;
    byId("spoken").textContent = spokenText(cell);
    set(target, { "aria-describedby": "spoken" });
  },
});

/** What keys do anywhere but where one types. */
const KEYS = {
  " ": () => player.toggle(),
  n: () => player.step(1),
  p: () => player.step(-1),
  u: () => page.cell && page.askUsers(),
  e() {
    if (!page.cell) return;
    if (!page.isKept) page.choose(page.cell);
    const field = document.querySelector("#cell input, #cell select");
    field?.focus();
    field?.select?.();
  },
  i() {
    const [first] = page.cell ? page.lesson.inputs(...page.cell) : [];
    if (!first) return;
    page.choose(first);
    const element = page.reveal(first);
    if (element) focusCell(element);
  },
  Enter: () => cellShownAt(document.activeElement) && page.choose(cellShownAt(document.activeElement)),
  Escape() {
    if (!byId("player").hidden) player.stop();
    else if (page.isKept) page.release();
  },
  PageDown: () => turn(1),
  PageUp: () => turn(-1),
};
addEventListener("keydown", (event) => {
  const { key, target } = event;
  const isControl = event.ctrlKey || event.metaKey;
  const isUnfinished = target.matches?.("input") && target.value !== target.defaultValue;
  const isPressed = [" ", "Enter"].includes(key) && target.matches?.("button, summary, a");
  const isPage = key.startsWith("Page") && !document.body.classList.contains("presenting");
  const isOther = isControl || event.altKey || (isTyping(event) && key !== "Escape") || isPressed || isPage;
  const action = isControl && key === "z" && !isUnfinished ? () => page.undo() : !isOther && KEYS[key];
  if (!action) return;
  action();
  event.preventDefault();
});

const BUTTONS = {
  back: () => history.back(),
  forward: () => history.forward(),
  undo: () => page.undo(),
  reset: () => page.reset(),
  play: () => player.toggle(),
};
for (const [id, onclick] of Object.entries(BUTTONS)) set(byId(id), { onclick });
addEventListener("hashchange", () => page.restore());
