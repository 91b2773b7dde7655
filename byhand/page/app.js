// The page as a whole: the lesson that is shown, what was changed, and the cell that a reader follows.

class App {
  constructor() {
    this.more = 0;
    this.done = [];
    this.cell = null;
    this.kept = false;
    this.asking = false;
    this.other = null;
    this.start = new Start(this);
    this.inspector = new Inspector(this, byId("cell"));
    this.show(0);
    if (data.exercise) this.practise();
    this.redraw();
  }

  practise() {
    this.practice = new Practice(this, data.exercise, byId("exercise"));
    this.view.practice = this.practice;
    document.body.classList.add("practising");
  }

  /** Show the lesson with so many more words. */
  show(more) {
    this.endCompare();
    this.more = more;
    this.data = more ? { ...data, ...data.longer[more - 1] } : data;
    this.lesson = new Lesson(more);
    this.view?.close();
    this.view = new View(this.data, this.lesson);
    this.view.extras = (part) => drawArcs(this, part);
    byId("parts").replaceChildren(...this.view.parts.map((part) => part.element));
  }

  // Changes

  /** The ids of the words that were written on this page; each stands in the cells of its slot. */
  get written() {
    return this.data.start.slots.map(([[n, row]]) => this.lesson.value(n, row, 0));
  }

  /** All that was changed, as the address bar has it, with these words written. */
  state(written = this.written) {
    const slots = new Set(this.data.start.slots.flat().map(([n, row]) => `${n},${row},0`));
    const own = [...this.lesson.changes].filter(([key]) => !slots.has(key));
    const changes = own.map(([, change]) => `${this.cellText(change)}=${change[3]}`).join(";");
    return [written.length && `write=${written.join(",")}`, changes && `set=${changes}`].filter(Boolean).join("&");
  }

  /** Have what a text of `state` says. Returns the changes that this page does not have. */
  load(state) {
    const fields = new Map(state.split("&").map((part) => part.split(/=(.*)/s).slice(0, 2)));
    const written = (fields.get("write") ?? "").split(",").filter(Boolean).map(Number).slice(0, data.longer.length);
    if (written.length !== this.more) this.show(written.length);
    const strange = [];
    const changes = [];
    for (const change of (fields.get("set") ?? "").split(";").filter(Boolean)) {
      const [name, value] = change.split(/=(?=[^=]*$)/);
      const cell = this.cellNamed(name);
      const x = numberIn(value ?? "");
      if (!cell || x === null) strange.push(change);
      else changes.push([...cell, x]);
    }
    this.lesson.take(changes);
    this.data.start.slots.forEach((slot, k) => {
      for (const [n, row] of slot)
        if (this.lesson.value(n, row, 0) !== written[k]) this.lesson.set(n, row, 0, written[k]);
    });
    this.redraw();
    return strange;
  }

  /** Put numbers into cells: [table, row, column, number], null to let a cell follow its rule again. */
  change(cells) {
    this.done.push(this.state());
    for (const cell of cells) this.lesson.set(...cell);
    this.redraw();
    this.remember();
  }

  write(words) {
    this.done.push(this.state());
    this.load(this.state(words));
    this.start.look(null);
    this.remember();
  }

  undo() {
    if (!this.done.length) return;
    this.load(this.done.pop());
    this.remember();
  }

  reset() {
    this.endCompare();
    this.done = [];
    this.load("");
    this.remember();
  }

  /** Draw what has changed, and everything that says so. */
  redraw() {
    this.view.update();
    this.other?.update();
    this.start.draw();
    if (this.cell && !this.lesson.has(this.cell)) this.cell = null;
    this.follow(this.cell, this.kept);
    set(byId("compare"), { "aria-pressed": String(Boolean(this.other)) });
    for (const id of ["undo", "reset"]) byId(id).disabled = !this.done.length && !this.state();
  }

  // The cell that is followed

  /** Light a cell and what it reads, as long as the pointer or the focus is there. */
  point(cell) {
    if (!this.kept) this.follow(cell, false);
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
    this.kept = kept && cell !== null;
    document.body.classList.toggle("following", this.kept);
    for (const view of [this.view, this.other].filter(Boolean)) {
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
    if (!block) return null;
    block.part.draw();
    this.presenter?.goTo(block.part);
    const element = block.cellAt(block.placeOf(...cell), true);
    if (this.cell) this.follow(this.cell, this.kept);
    if (!isInView(element)) element.scrollIntoView({ block: "center", inline: "center", behavior });
    return element;
  }

  // The address bar

  cellText([n, i, j]) {
    return `${encodeURIComponent(this.lesson.tables[n].name)}[${i + 1},${j + 1}]`;
  }

  /** The cell of such a text; null if the lesson has none. */
  cellNamed(text) {
    const found = /^(.*)\[(\d+),(\d+)\]$/s.exec(text);
    if (!found) return null;
    try {
      const n = this.lesson.names.get(decodeURIComponent(found[1]));
      const cell = [n, found[2] - 1, found[3] - 1];
      return cell[1] >= 0 && cell[2] >= 0 && this.lesson.has(cell) ? cell : null;
    } catch {
      return null; // a text that encodes no letters
    }
  }

  /** Put the state into the address; `step` makes an entry that Back returns to. */
  remember(step = false) {
    this.hash = [this.state(), this.kept && `cell=${this.cellText(this.cell)}`].filter(Boolean).join("&");
    try {
      if (step) location.hash = this.hash;
      else history.replaceState(null, "", `#${this.hash}`);
    } catch {
      // a page inside another, as in a notebook, has no address of its own
    }
  }

  /** Take the state from the address, and say what of it is not for this page. */
  restore(hash) {
    if (this.practice || hash === this.hash) return;
    this.hash = hash;
    this.follow(null, false);
    const [, text] = /(?:^|&)cell=([^&]*)/.exec(hash) ?? [];
    const strange = this.load(hash);
    const cell = text && this.cellNamed(text);
    if (cell) this.choose(cell, false);
    else if (text) strange.push(text);
    byId("notice").textContent = strange.length ? say("not_kept", { what: strange.join("; ").slice(0, 200) }) : "";
  }

  // Compare

  /** Put the lesson as it is now at the left, and go on with the one at the right. */
  compare() {
    if (this.other) return this.endCompare();
    const before = new Lesson(this.more);
    before.take([...this.lesson.changes.values()]);
    this.other = new View(this.data, before, true);
    this.other.against = this.lesson;
    this.view.against = before;
    this.view.parts.forEach((part, n) => part.beside(this.other.parts[n]));
    document.body.classList.add("comparing");
    return this.redraw();
  }

  endCompare() {
    if (!this.other) return;
    this.view.against = null;
    this.view.parts.forEach((part) => part.alone());
    this.other.close();
    this.other = null;
    document.body.classList.remove("comparing");
    this.redraw();
  }

  /** Exchange the sides: what was as it was can be changed. */
  swap() {
    const lessons = [this.lesson, this.other.lesson];
    const [now, before] = lessons.map((lesson) => [...lesson.changes.values()]);
    this.done.push(this.state());
    lessons[0].take(before);
    lessons[1].take(now);
    this.redraw();
    this.remember();
  }

  /** The value of a cell on the other side, where it differs. */
  before(cell) {
    const was = this.other?.lesson.value(...cell);
    return was === this.lesson.value(...cell) ? undefined : was;
  }
}

/** Whether an element can be seen: on the screen, and not scrolled away inside its part. */
function isInView(element) {
  const { top, bottom, left, right } = element.getBoundingClientRect();
  const side = byId("cell-side");
  const lowest = getComputedStyle(side).position === "fixed" ? side.getBoundingClientRect().top : innerHeight;
  const box = element.closest(".scroll").getBoundingClientRect();
  return top > 90 && bottom < lowest && left >= box.left && right <= box.right;
}
