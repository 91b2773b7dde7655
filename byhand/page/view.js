// The page of a lesson: its parts, drawn when they come into view, and the cell that a reader has chosen.

/** A part of the model: a heading and a plane of tables, empty until it comes into view. */
class Part {
  constructor(view, number, { title, equation, source, blocks, headings }) {
    Object.assign(this, { view, number, title, headings });
    this.blocks = blocks.map((block) => new Block(view, this, block));
    this.blocks.forEach((block, n) => (block.key = `${view.frozen ? "was-" : ""}${number}-${n}`));
    this.drawn = false;
    if (this.blocks.some((block) => block.isWindow)) this.closeUp();
    const tops = this.blocks.map((b) => b.row - (b.strip ? 1 : 3)).concat(this.headings.map((h) => h[2]));
    const lefts = this.blocks.map((b) => b.column - 1).concat(this.headings.map((h) => h[3]));
    const across = (text) => Math.ceil(text.length / LETTERS_A_COLUMN);
    const { min, max } = Math;
    [this.top, this.left] = [min(...tops), min(...lefts)];
    this.bottom = max(...this.blocks.map((b) => b.row + b.rowsShown + (b.isWindow ? 1 : 0)));
    this.right = max(...this.blocks.map((b) => b.column + max(b.columnsShown, across(b.caption.rule), 1)));
    this.plane = el("div", { class: "plane" });
    this.plane.style.setProperty("--top", this.top);
    this.plane.style.setProperty("--left", this.left);
    put(this.plane, 0, 0, this.bottom - this.top, this.right - this.left);
    this.heading = el("h2", { id: `${view.frozen ? "was-" : ""}part-${number}`, tabindex: "-1" }, title);
    this.scroll = el("div", { class: "scroll" }, this.plane);
    this.sides = el("div", { class: "sides" }, this.scroll);
    this.element = el(
      "section",
      { class: "part", "aria-labelledby": `part-${number}` },
      el("header", {}, this.heading, el("p", { class: "equation" }, [equation, source].filter(Boolean).join("  ·  "))),
      this.sides,
    );
    this.element.style.setProperty("--tall", this.bottom - this.top);
  }

  /** Leave out the rows and columns in which there are only cells that are not shown. */
  closeUp() {
    const kept = (start, count, before) => this.blocks.map((b) => [b[start] - before, b[start] + b[count] + 1]);
    const closer = (start, count, size, before) => {
      const spans = kept(start, count, before);
      const left = [];
      for (const block of this.blocks)
        for (let at = block[start] + block[count] + 1; at < block[start] + block[size]; at++)
          if (!spans.some(([from, to]) => at >= from && at < to)) left.push(at);
      const gone = [...new Set(left)].sort((a, b) => a - b);
      return (at) => at - gone.filter((x) => x < at).length;
    };
    const rowAt = closer("row", "rowsShown", "height", 3);
    const columnAt = closer("column", "columnsShown", "width", 1);
    for (const block of this.blocks) [block.row, block.column] = [rowAt(block.row), columnAt(block.column)];
    this.headings = this.headings.map(([text, source, row, column]) => [text, source, rowAt(row), columnAt(column)]);
  }

  /** The place of a heading where tables stand one after the other: before the first table below it. */
  flowOf(row, column) {
    const first = this.blocks.findIndex((block) => block.row >= row && block.column >= column);
    return 2 * Math.max(first, 0);
  }

  /** Put the same part of another lesson at its left. */
  beside(other) {
    this.twin = other;
    const titled = (text, scroll) => el("div", { class: "side" }, el("p", { class: "side-title" }, text), scroll);
    this.sides.replaceChildren(titled(say("as_it_was"), other.scroll), titled(say("as_it_is"), this.scroll));
    if (this.drawn) other.draw();
    const together = (from, to) => from.addEventListener("scroll", () => to.scrollTo(from.scrollLeft, from.scrollTop));
    together(this.scroll, other.scroll);
    together(other.scroll, this.scroll);
  }

  alone() {
    this.twin = null;
    this.sides.replaceChildren(this.scroll);
  }

  draw() {
    if (this.drawn) return;
    this.drawn = true;
    for (const [text, source, row, column] of this.headings) {
      const heading = el("h3", {}, text, source ? el("span", { class: "source" }, ` ${source}`) : "");
      heading.style.setProperty("--flow", this.flowOf(row, column));
      this.plane.append(put(heading, row, column));
    }
    this.blocks.forEach((block, n) => {
      for (const element of block.draw()) {
        element.style.setProperty("--flow", 2 * n + 1);
        this.plane.append(element);
      }
    });
    this.twin?.draw();
    this.view.extras?.(this);
    this.update();
  }

  update() {
    if (!this.drawn) return [];
    const changed = this.blocks.flatMap((block) => block.update());
    const letters = Math.max(5, ...this.blocks.map((block) => block.longest));
    if (letters !== this.letters) this.plane.style.setProperty("--letters", letters);
    this.letters = letters;
    this.arcs?.forEach((arcs) => arcs.update());
    return changed;
  }
}

/** A lesson on the page. chosen: the cell that is kept; pointed: the one under the pointer or the focus. */
class View {
  constructor(data, lesson, root, frozen = false) {
    Object.assign(this, { data, lesson, root, frozen });
    this.against = null;
    this.parts = data.parts.map((part, n) => new Part(this, n, part));
    this.blocksOf = new Map();
    for (const block of this.parts.flatMap((part) => part.blocks)) {
      const sources = block.record.name ? [block.table] : block.record.reads;
      for (const n of sources) {
        if (!this.blocksOf.has(n)) this.blocksOf.set(n, []);
        this.blocksOf.get(n).push(block);
      }
    }
    root.append(...this.parts.map((part) => part.element));
    this.observer = new IntersectionObserver(
      (entries) => entries.filter((e) => e.isIntersecting).forEach((e) => this.partOf(e.target).draw()),
      { rootMargin: "800px" },
    );
    this.parts.forEach((part) => this.observer.observe(part.element));
    this.lit = [];
  }

  close() {
    this.observer.disconnect();
  }

  partOf(element) {
    return this.parts.find((part) => part.element === element);
  }

  /** The word of a row or column, from a vocabulary or from the ids of a text; null if it has none. */
  word(labels, index) {
    if (labels === null) return null;
    if (typeof labels === "number") return this.spelled(labels, index + 1);
    const [ids, vocabulary] = labels;
    const id = this.lesson.value(ids, index, 0);
    return id < 0 ? "_" : (this.data.vocabularies[vocabulary].words[id] ?? "?");
  }

  /** The word or piece with a number from 1: a piece of a merge is its two pieces, joined. */
  spelled(vocabulary, number) {
    const { words, merges, inside } = this.data.vocabularies[vocabulary];
    if (!(number >= 1)) return "";
    if (number <= words.length) return words[number - 1];
    const sides = merges?.[number - words.length - 1];
    if (!sides) return "?";
    const [left, right] = sides.map((n) => this.spelled(vocabulary, this.lesson.value(n, 0, 0)));
    return left + (right.startsWith(inside) ? right.slice(inside.length) : right);
  }

  /** The block in which a table is computed or typed. */
  home(n) {
    return (this.blocksOf.get(n) ?? []).find((block) => block.home) ?? null;
  }

  /** The function that colours the cells of a table by their size, or by their difference from the other lesson. */
  heatOf(block) {
    const { look } = block.record;
    const { against, lesson } = this;
    const values = lesson.table(block.table);
    const others = against?.table(block.table);
    const compared = others?.length === values.length;
    const kinds = { attention: "more", gradient: "signed", updated: "signed" };
    const before = look === "updated" && !compared ? this.weightBefore(block) : null;
    const size = compared ? (x, at) => x - others[at] : before ? (x, at) => x - before[at] : (x) => x;
    const kind = compared ? "signed" : kinds[look];
    if (!kind) return block.warm ? cool : null;
    block.warm = true;
    let largest = kind === "more" ? 1 : 0;
    if (kind === "signed")
      values.forEach((x, at) => {
        const difference = Math.abs(size(x, at));
        if (difference < INFINITE && difference > largest) largest = difference;
      });
    if (largest < 1e-12) return cool;
    const { columns } = block.record;
    return (cell, x, r, c) => {
      const difference = size(x, block.turned ? c * columns + r : r * columns + c);
      const share = Math.min(1, Math.abs(difference) / largest);
      cell.classList.toggle("warm", share > 0.002);
      cell.classList.toggle("differs", compared && Math.abs(difference) > 1e-12);
      cell.style.setProperty("--strength", `${(share * 62).toFixed(1)}%`);
      cell.style.setProperty("--tint", `var(--heat-${kind === "more" ? "more" : difference > 0 ? "up" : "down"})`);
    };
  }

  /** The numbers of the weight that an updated table replaces, if its name says which. */
  weightBefore(block) {
    const { name, rows, columns } = block.record;
    const n = this.lesson.names.get(name.replace(/^(step\d+\.)?updated\./, ""));
    if (n === undefined || n === block.table) return null;
    const of = this.lesson.tables[n];
    return of.rows === rows && of.columns === columns ? this.lesson.table(n) : null;
  }

  /** Draw again what has changed, and flash it. (Two animations take turns, so that one can begin anew at once.) */
  update() {
    const changed = this.parts.flatMap((part) => part.update());
    this.turn = !this.turn;
    for (const cell of changed) {
      cell.classList.add("flash");
      cell.classList.toggle("again", this.turn);
    }
    return changed;
  }

  /** The cells of the page that show a cell of the lesson, where they are drawn. */
  shownAt(n, i, j) {
    const found = [];
    for (const block of this.blocksOf.get(n) ?? []) {
      const place = block.cells && block.placeOf(n, i, j);
      const cell = place && block.cellAt(place);
      if (cell) found.push(cell);
    }
    return found;
  }

  unlight() {
    for (const [cell, kind] of this.lit) cell.classList.remove(kind);
    this.lit = [];
  }

  /** The cells of the lesson that are lit in one way, once for each place. */
  litCells(kind) {
    const cells = this.lit.filter(([, name]) => name === `lit-${kind}`).map(([cell]) => cell.at);
    return cells.map((at) => at[0].sourceOf(at));
  }

  light(cells, kind) {
    for (const [n, i, j] of cells)
      for (const cell of this.shownAt(n, i, j)) {
        cell.classList.add(`lit-${kind}`);
        this.lit.push([cell, `lit-${kind}`]);
      }
  }
}

function cool(cell) {
  cell.classList.remove("warm", "differs");
}
