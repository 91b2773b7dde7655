// The page as a whole: the lesson that is shown, what was changed, and the cell that a reader follows.

/** A text of the page with its fields filled in. */
function say(key, fields = {}) {
  return data.texts[key].replace(/\{(\w+)\}/g, (_, name) => String(fields[name]));
}

class App {
  constructor(root) {
    this.root = root;
    this.data = data;
    this.written = [];
    this.done = [];
    this.cell = null;
    this.kept = false;
    this.asking = false;
    this.other = null;
    this.random = Math.random;
    this.start = new Start(this, document.getElementById("start"));
    this.show(0);
    if (data.exercise) {
      this.practice = new Practice(this, data.exercise, document.getElementById("exercise"));
      this.view.practice = this.practice;
      document.body.classList.add("practising");
    }
    this.inspector = new Inspector(this, document.getElementById("cell"));
  }

  // Which lesson is shown

  /** Show the lesson with so many more words, with the given numbers of the one before. */
  show(longer, ids = null) {
    const made = longer ? data.longer[longer - 1] : data;
    const before = this.lesson;
    this.data = { ...data, ...made };
    this.lesson = new Lesson(this.data, byhandRules[longer], byhandForms[longer], data);
    if (before) this.carryOver(before);
    if (ids) ids.forEach((id, row) => this.put(this.data.start.text, row, 0, id));
    this.root.replaceChildren();
    this.view?.close();
    this.view = new View(this.data, this.lesson, this.root);
    this.view.extras = (part) => drawArcs(this, part);
    this.map?.draw();
    this.redraw();
  }

  /** Take over the numbers that were changed, where the new lesson has the same table. */
  carryOver(before) {
    for (const [n, i, j, value] of before.changes.values()) {
      const { name } = before.tables[n];
      const there = this.lesson.names.get(name);
      if (there === undefined || !this.lesson.isGiven(there)) continue;
      const { rows, columns } = this.lesson.tables[there];
      if (i < rows && j < columns && there !== this.data.start.text) this.put(there, i, j, value);
    }
  }

  put(n, i, j, value) {
    if (value === null) this.lesson.release(n, i, j);
    else this.lesson.set(n, i, j, value);
  }

  get canWrite() {
    return data.longer.length > 0;
  }

  get hasRoom() {
    return this.written.length < data.longer.length;
  }

  ids() {
    return Array.from(this.lesson.table(this.data.start.text));
  }

  write(id) {
    if (!this.hasRoom) return;
    this.endCompare();
    this.done.push({ written: [...this.written], ids: this.ids() });
    const ids = [...this.ids(), id];
    this.written.push(id);
    this.start.at = ids.length - 1;
    this.show(this.written.length, ids);
    this.remember();
  }

  unwrite() {
    if (!this.written.length) return;
    const ids = this.ids().slice(0, -1);
    this.written.pop();
    this.show(this.written.length, ids);
    this.remember();
  }

  // Changes

  /** Put numbers into cells: [table, row, column, number], null to let a cell follow its rule again. */
  change(cells) {
    const undo = cells.map(([n, i, j]) => [
      n,
      i,
      j,
      this.lesson.isGiven(n) || this.lesson.isPatched(n, i, j) ? this.lesson.value(n, i, j) : null,
    ]);
    this.done.push({ cells: undo });
    for (const cell of cells) this.put(...cell);
    this.redraw();
    this.remember();
  }

  undo() {
    const last = this.done.pop();
    if (!last) return;
    if (last.written) {
      this.written = last.written;
      this.show(this.written.length, last.ids);
    } else {
      for (const cell of last.cells.reverse()) this.put(...cell);
      this.redraw();
    }
    this.remember();
  }

  reset() {
    this.endCompare();
    this.done = [];
    this.written = [];
    this.lesson.reset();
    if (this.lesson.tables !== data.tables) {
      this.lesson = null;
      this.show(0);
    }
    this.redraw();
    this.remember();
  }

  /** Draw what has changed, and everything that says so. */
  redraw() {
    const changed = this.view.update();
    this.other?.view.update();
    this.start.draw();
    if (this.cell) this.inspector?.show(this.cell, this.kept);
    for (const id of ["undo", "reset"]) {
      const button = document.getElementById(id);
      if (button) button.disabled = !this.done.length && !this.lesson.changes.size && !this.written.length;
    }
    return changed;
  }

  // The cell that is followed

  exists([n, i, j]) {
    const table = this.lesson.tables[n];
    return Boolean(table) && i < table.rows && j < table.columns;
  }

  /** Light a cell and what it reads, as long as the pointer or the focus is there. */
  point(cell) {
    if (this.kept) return;
    if (this.practice) this.pointForPractice(cell);
    else this.follow(cell, false);
  }

  /** In an exercise a cell lights what it reads; what the student works out is not shown. */
  pointForPractice(cell) {
    this.cell = cell;
    this.view.unlight();
    this.view.light([cell], "here");
    this.view.light(this.lesson.inputs(...cell), "input");
    this.inspector.describe(cell, this.practice.hidden);
  }

  /** Keep a cell: it stays lit, and the address bar remembers it. */
  choose(cell, remember = true) {
    if (this.practice) return;
    this.asking = false;
    this.follow(cell, true);
    this.reveal(cell, remember ? smooth() : "instant");
    if (remember) this.remember(true);
  }

  release() {
    this.kept = false;
    this.asking = false;
    this.follow(this.cell, false);
    this.remember();
  }

  askUsers() {
    this.asking = !this.asking;
    this.follow(this.cell, true);
  }

  follow(cell, kept) {
    this.cell = cell;
    this.kept = kept;
    document.body.classList.toggle("following", kept);
    for (const view of [this.view, this.other?.view].filter(Boolean)) {
      view.unlight();
      if (!cell) continue;
      view.light([cell], kept ? "chosen" : "here");
      if (this.asking) view.light(view.lesson.users(...cell), "user");
      else view.light(view.lesson.inputs(...cell), "input");
    }
    if (cell) this.inspector.show(cell, kept);
  }

  /** Bring the cell's own place into view, if it is not there. */
  reveal(cell, behavior = smooth()) {
    const block = this.view.home(cell[0]);
    if (!block) return;
    block.part.draw();
    this.presenter?.goTo(block.part);
    const place = block.placeOf(...cell);
    const element = place && block.cellAt(place, true);
    if (this.cell) this.follow(this.cell, this.kept);
    if (element && !isInView(element)) element.scrollIntoView({ block: "center", inline: "center", behavior });
    return element;
  }

  // The address bar

  cellText([n, i, j]) {
    return `${encodeURIComponent(this.lesson.tables[n].name)}[${i + 1},${j + 1}]`;
  }

  hash() {
    const parts = [];
    if (this.written.length) parts.push(`write=${this.written.join(",")}`);
    const changes = [...this.lesson.changes.values()];
    const ids = this.written.length ? this.data.start.text : -1;
    const own = changes.filter(([n, i]) => n !== ids || i < this.lesson.tables[n].rows - this.written.length);
    if (own.length) parts.push(`set=${own.map((change) => `${this.cellText(change)}=${change[3]}`).join(";")}`);
    if (this.cell && this.kept) parts.push(`cell=${this.cellText(this.cell)}`);
    return parts.join("&");
  }

  /** Put the state into the address; `step` makes an entry that Back returns to. */
  remember(step = false) {
    const hash = this.hash();
    this.hashNow = hash;
    try {
      if (step) location.hash = hash;
      else history.replaceState(null, "", `#${hash}`);
    } catch {
      // a page inside another, as in a notebook, has no address of its own
    }
  }

  /** Take the state from the address. Returns the changes that this page does not have. */
  restore(hash) {
    const fields = new Map(hash.split("&").map((part) => part.split(/=(.*)/s).slice(0, 2)));
    this.hashNow = hash;
    const strange = [];
    this.lesson.reset();
    const written = (fields.get("write") ?? "").split(",").filter(Boolean).map(Number).slice(0, data.longer.length);
    if (written.length || this.written.length) {
      this.written = [];
      this.lesson = null;
      this.show(0);
      if (written.length) {
        const ids = [...this.ids(), ...written];
        this.written = written;
        this.show(written.length, ids);
      }
    }
    for (const text of (fields.get("set") ?? "").split(";").filter(Boolean)) {
      const [name, value] = text.split(/=(?=[^=]*$)/);
      const cell = this.cellNamed(name);
      const x = numberIn(value ?? "");
      if (!cell || x === null) strange.push(text);
      else this.put(...cell, x);
    }
    this.cell = null;
    this.kept = false;
    this.redraw();
    const cell = fields.has("cell") ? this.cellNamed(fields.get("cell")) : null;
    if (cell) this.choose(cell, false);
    else {
      this.view.unlight();
      if (fields.has("cell")) strange.push(fields.get("cell"));
    }
    return strange;
  }

  cellNamed(text) {
    const found = /^(.*)\[(\d+),(\d+)\]$/s.exec(text);
    if (!found) return null;
    let name;
    try {
      name = decodeURIComponent(found[1]);
    } catch {
      return null;
    }
    const n = this.lesson.names.get(name);
    const cell = [n, Number(found[2]) - 1, Number(found[3]) - 1];
    return n !== undefined && cell[1] >= 0 && cell[2] >= 0 && this.exists(cell) ? cell : null;
  }

  /** Say something at the top of the page. */
  notice(text) {
    const place = document.getElementById("notice");
    place.textContent = text;
    place.hidden = !text;
  }

  // Compare

  /** Put the lesson as it is now at the left, and go on with the one at the right. */
  compare() {
    if (this.other) return this.endCompare();
    const frozen = new Lesson(this.data, byhandRules[this.written.length], byhandForms[this.written.length], data);
    for (const [n, i, j, value] of this.lesson.changes.values()) frozen.set(n, i, j, value);
    this.startCompare(frozen);
    return undefined;
  }

  startCompare(frozen) {
    const view = new View(this.data, frozen, document.createElement("div"), true);
    this.other = { lesson: frozen, view };
    view.against = this.lesson;
    this.view.against = frozen;
    this.view.parts.forEach((part, n) => part.beside(view.parts[n]));
    document.body.classList.add("comparing");
    this.redraw();
  }

  endCompare() {
    if (!this.other) return;
    this.view.against = null;
    this.view.parts.forEach((part) => part.alone());
    this.other.view.close();
    this.other = null;
    document.body.classList.remove("comparing");
    document.getElementById("compare")?.setAttribute("aria-pressed", "false");
    this.redraw();
  }

  /** Exchange the sides: what was kept can be changed. */
  swap() {
    if (!this.other) return;
    const now = [...this.lesson.changes.values()];
    const before = [...this.other.lesson.changes.values()];
    this.other.lesson.reset();
    this.lesson.reset();
    for (const [n, i, j, value] of now) this.other.lesson.set(n, i, j, value);
    for (const [n, i, j, value] of before) this.put(n, i, j, value);
    this.done = [];
    this.redraw();
    this.remember();
  }

  /** The value of a cell on the other side, where it differs. */
  before(cell) {
    if (!this.other) return undefined;
    const was = this.other.lesson.value(...cell);
    return was === this.lesson.value(...cell) ? undefined : was;
  }
}

function smooth() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

/** Whether an element can be seen: on the screen, and not scrolled away inside its part. */
function isInView(element) {
  const { top, bottom, left, right } = element.getBoundingClientRect();
  const panel = document.getElementById("cell-side").getBoundingClientRect();
  const lowest = getComputedStyle(document.getElementById("cell-side")).position === "fixed" ? panel.top : innerHeight;
  const box = element.closest(".scroll").getBoundingClientRect();
  return top > 90 && bottom < lowest && left >= box.left && right <= box.right;
}
