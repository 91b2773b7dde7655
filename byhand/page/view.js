// The page of a lesson: its parts, drawn when they come into view, and the cell that a reader has chosen.

/** A part of the model: a heading and a plane of tables, empty until it comes into view. */
class Part {
  constructor(view, number, { title, equation, source, blocks, headings }) {
    Object.assign(this, { view, number, title, headings });
    this.blocks = blocks.map((block) => new Block(view, this, block));
    this.blocks.forEach((block, n) => (block.key = `${number}-${n}`));
    this.drawn = false;
    const tops = this.blocks.map((b) => b.row - (b.strip ? 1 : 3)).concat(headings.map((h) => h[2]));
    const lefts = this.blocks.map((b) => b.column - 1).concat(headings.map((h) => h[3]));
    const across = (text) => Math.ceil(text.length / LETTERS_A_COLUMN);
    const { min, max } = Math;
    [this.top, this.left] = [min(...tops), min(...lefts)];
    this.bottom = max(...this.blocks.map((b) => b.row + b.height));
    this.right = max(...this.blocks.map((b) => b.column + max(b.width, across(b.caption.rule), 1)));
    this.plane = el("div", { class: "plane" });
    this.plane.style.setProperty("--top", this.top);
    this.plane.style.setProperty("--left", this.left);
    put(this.plane, 0, 0, this.bottom - this.top, this.right - this.left);
    this.heading = el("h2", { id: `part-${number}`, tabindex: "-1" }, title);
    this.element = el(
      "section",
      { class: "part", "aria-labelledby": `part-${number}` },
      el("header", {}, this.heading, el("p", { class: "equation" }, [equation, source].filter(Boolean).join("  ·  "))),
      el("div", { class: "scroll", tabindex: "-1" }, this.plane),
    );
  }

  draw() {
    if (this.drawn) return;
    this.drawn = true;
    for (const [text, source, row, column] of this.headings) {
      const heading = el("h3", {}, text, source ? el("span", { class: "source" }, ` ${source}`) : "");
      this.plane.append(put(heading, row, column));
    }
    for (const block of this.blocks) this.plane.append(...block.draw());
    this.view.extras?.(this);
    this.update();
  }

  update() {
    if (!this.drawn) return [];
    const changed = this.blocks.flatMap((block) => block.update());
    const longest = Math.max(0, ...this.blocks.flatMap((b) => b.texts.flat().map((text) => text?.length ?? 0)));
    this.plane.style.setProperty("--letters", Math.max(6, longest));
    return changed;
  }
}

/** A lesson on the page. chosen: the cell that is kept; pointed: the one under the pointer or the focus. */
class View {
  constructor(data, lesson, root) {
    Object.assign(this, { data, lesson, root });
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

  partOf(element) {
    return this.parts.find((part) => part.element === element);
  }

  /** The word of a row or column, from a vocabulary or from the ids of a text; null if it has none. */
  word(labels, index) {
    if (labels === null) return null;
    if (typeof labels === "number") return this.data.vocabularies[labels].words[index];
    const [ids, vocabulary] = labels;
    const id = this.lesson.value(ids, index, 0);
    return id < 0 ? "_" : (this.data.vocabularies[vocabulary].words[id] ?? "?");
  }

  /** The block in which a table is computed or typed. */
  home(n) {
    return (this.blocksOf.get(n) ?? []).find((block) => block.home) ?? null;
  }

  /** The function that colours the cells of a table by their size; null for one without. */
  heatOf(block) {
    const { look } = block.record;
    if (look !== "attention" && look !== "gradient") return null;
    const values = this.lesson.table(block.table);
    const largest = look === "attention" ? 1 : values.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
    return (cell, x) => {
      const share = Math.min(1, Math.abs(x) / largest);
      cell.style.setProperty("--heat", share.toFixed(3));
      cell.classList.toggle("below", x < 0);
    };
  }

  /** Draw again what has changed, and flash it. */
  update() {
    const changed = this.parts.flatMap((part) => part.update());
    for (const cell of changed) {
      cell.classList.remove("flash");
      void cell.offsetWidth; // so that the flash starts again
      cell.classList.add("flash");
    }
    return changed;
  }

  /** The cells of the page that show a cell of the lesson, where they are drawn. */
  shownAt(n, i, j) {
    const found = [];
    for (const block of this.blocksOf.get(n) ?? []) {
      const place = block.cells && block.placeOf(n, i, j);
      const cell = place && block.cells[place[0]]?.[place[1]];
      if (cell) found.push(cell);
    }
    return found;
  }

  unlight() {
    for (const [cell, kind] of this.lit) cell.classList.remove(kind);
    this.lit = [];
  }

  light(cells, kind) {
    for (const [n, i, j] of cells)
      for (const cell of this.shownAt(n, i, j)) {
        cell.classList.add(kind);
        this.lit.push([cell, kind]);
      }
  }
}
