// The page as a whole: the lesson that is shown, what was changed, and the cell that a reader follows.

/** What is drawn again after every change. */
const whenChanged = [];

class Page {
  done = [];
  cell = null;
  isKept = false;
  isAsking = false;

  /** Show the lesson with so many more words. */
  show(longer) {
    const name = this.cell && this.lesson.tables[this.cell[0]].name;
    this.longer = longer;
    this.lesson = new Lesson(longer);
    if (name) this.cell = [this.lesson.names.get(name), ...this.cell.slice(1)];
    this.layOut(null);
  }

  /** Lay the lesson out, beside another if one is given. */
  layOut(before) {
    this.before = before;
    this.view = new View(this.lesson, before);
    document.body.classList.toggle("comparing", Boolean(before));
    byId("compare").ariaPressed = Boolean(before);
  }

  /** Compare: the lesson as it is now stays at the left, and one goes on with the one at the right. */
  compare() {
    const before = this.before ? null : new Lesson(this.longer);
    before?.take(this.lesson.changes.values());
    this.layOut(before);
    this.redraw();
  }

  /** All that was changed, as the address bar has it, if the lesson were so many words longer. */
  state(longer = this.longer) {
    const text = ([n, i, j, x]) => `${this.lesson.link([n, i, j])}=${encodeURIComponent(x)}`;
    const changes = [...this.lesson.changes.values()].map(text);
    return [longer && `write=${longer}`, changes.length && `set=${changes.join(";")}`].filter(Boolean).join("&");
  }

  /** Have what a text of `state` says. Returns the changes that this page does not have. */
  load(state) {
    const fields = new URLSearchParams(state);
    const longer = Math.min(data.longer.length, Math.max(0, Math.trunc(fields.get("write")) || 0));
    if (longer !== this.longer) this.show(longer);
    const asked = (fields.get("set") ?? "").split(";").filter(Boolean);
    const changes = asked.map((text) => {
      const [name, number = ""] = text.split(/=(?=[^=]*$)/);
      const [cell, x] = [this.lesson.linked(name), numberIn(number)];
      return cell && x !== null && [...cell, x];
    });
    this.lesson.take(changes.filter(Boolean));
    this.redraw();
    return asked.filter((_, n) => !changes[n]);
  }

  /** Put numbers into cells: [table, row, column, number], null to let a cell follow its rule again. */
  change(cells) {
    this.done.push(this.state());
    for (const cell of cells) this.lesson.set(...cell);
    this.redraw();
    this.remember();
  }

  undo() {
    if (this.done.length) this.load(this.done.pop());
    this.remember();
  }

  reset() {
    this.done = [];
    if (this.before) this.layOut(null);
    this.load("");
    this.remember();
  }

  /** Draw what has changed, and everything that says so. */
  redraw() {
    this.view.update();
    for (const draw of whenChanged) draw();
    this.follow(this.cell && this.lesson.has(this.cell) ? this.cell : null, this.isKept, this.isAsking);
    for (const id of ["undo", "reset"]) byId(id).disabled = !this.done.length && !this.state();
  }

  /** Light a cell and what it reads, or who uses it, and say what it is. isKept: whether it stays. */
  follow(cell, isKept = false, isAsking = false) {
    Object.assign(this, { cell, isKept: isKept && cell !== null, isAsking });
    document.body.classList.toggle("following", this.isKept);
    this.light();
    if (cell) showInPanel(cell);
  }

  light() {
    const { cell, view, lesson, isAsking, isKept } = this;
    view.unlight();
    if (!cell) return;
    view.light([cell], isKept ? "lit-chosen" : "lit-here");
    view.light(isAsking ? lesson.users(...cell) : lesson.inputs(...cell), isAsking ? "lit-user" : "lit-input");
  }

  /** Keep a cell: it stays lit, and the address bar remembers it. */
  choose(cell) {
    this.follow(cell, true);
    this.reveal(cell);
    this.remember(true);
  }

  /** Let the cell go, or what is played. */
  release() {
    if (!byId("player").hidden) player.stop();
    else if (this.isKept) this.follow(this.cell);
    this.remember();
  }

  /** Light who uses the cell, or again what it reads. */
  ask() {
    if (this.cell) this.follow(this.cell, true, !this.isAsking);
  }

  /** Go to the field that changes the cell. */
  edit() {
    if (this.cell && !this.isKept) this.choose(this.cell);
    byId("new-number")?.focus();
    byId("new-number")?.select?.();
  }

  /** Go to the first cell that it reads. */
  input() {
    const [first] = this.cell ? this.lesson.inputs(...this.cell) : [];
    if (first) this.choose(first);
  }

  /** Let a held cell, or those of its whole table, have the number of the lesson at the left; or follow its rule. */
  take(what) {
    const cells = what === "table" ? this.lesson.cells(this.cell[0]) : [this.cell];
    this.change(cells.map((cell) => [...cell, what === "rule" ? null : this.before.value(...cell)]));
  }

  /** Bring a cell's own place into view, if it is not there. Returns its element. */
  reveal(cell, behavior = "auto") {
    const grid = this.view.home(cell[0]);
    if (!grid) return undefined;
    goTo(this.view.parts[grid.part]);
    const element = grid.places.get(String(cell));
    element.scrollIntoView({ block: "nearest", inline: "nearest", behavior });
    if (document.activeElement.matches("td")) element.focus({ preventScroll: true });
    return element;
  }

  /** Put the state into the address; `isStep` makes an entry to which Back returns. */
  remember(isStep = false) {
    this.hash = [this.state(), this.isKept && `cell=${this.lesson.link(this.cell)}`].filter(Boolean).join("&");
    try {
      if (isStep) location.hash = this.hash;
      else history.replaceState(null, "", `#${this.hash}`);
    } catch {
      // a page inside another, as in a notebook, has no address of its own
    }
  }

  /** Take the state from the address, and say what of it is not for this page. */
  restore() {
    const hash = location.hash.slice(1);
    if (hash === this.hash) return;
    this.hash = hash;
    this.follow(null);
    const strange = this.load(hash);
    const link = new URLSearchParams(hash).get("cell");
    const cell = link && this.lesson.linked(link);
    if (link && !cell) strange.push(link);
    if (cell) this.follow(cell, true);
    if (cell) this.reveal(cell, "instant");
    byId("notice").textContent = strange.length ? say("not_kept", { what: strange.join("; ").slice(0, 200) }) : "";
  }

  /** While one presents, show the next part or the one before. */
  turn(to) {
    const here = document.querySelector(".here");
    goTo(here[`${to}ElementSibling`] ?? here);
    scrollTo(0, 0);
  }
}

/** Mark a part as the one where one is, on the map too, and draw it. */
function goTo(part) {
  const { parts } = page.view;
  page.view.draw(part);
  for (const element of parts) element.classList.toggle("here", element === part);
  for (const box of document.querySelectorAll(".box")) box.ariaCurrent = parts[box.dataset.part] === part;
}

const data = JSON.parse(byId("lesson").textContent);
const page = new Page();
