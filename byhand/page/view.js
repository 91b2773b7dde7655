// The page of a lesson: its parts, drawn when they come into view, and the cell that a reader has chosen.

/** A part of the model: a heading and a plane of tables, empty until it comes into view. */
class Part {
  constructor(view, number, { title, equation, source, blocks, headings, box }) {
    Object.assign(this, { view, number, headings, drawn: false });
    this.blocks = blocks.map((block, n) => new Block(view, this, n, block));
    const [top, left, bottom, right] = box;
    this.plane = set(el("div.plane"), {
      "--top": top,
      "--left": left,
      "--rows": bottom - top,
      "--columns": right - left,
    });
    this.scroll = el("div.scroll", this.plane);
    this.sides = el("div.sides", this.scroll);
    const id = `${view.frozen ? "was-" : ""}part-${number}`;
    const about = el("p.equation", [equation, source].filter(Boolean).join("  ·  "));
    const heading = el("header", el("h2", { id, tabindex: "-1" }, title), about);
    this.element = el("section.part", { "aria-labelledby": id, "--tall": bottom - top }, heading, this.sides);
  }

  /** Put the same part of another lesson at its left. */
  beside(other) {
    this.twin = other;
    const titled = (text, scroll) => el("div.side", el("p.side-title", say(text)), scroll);
    this.sides.replaceChildren(titled("as_it_was", other.scroll), titled("as_it_is", this.scroll));
    if (this.drawn) other.draw();
    const together = (from, to) => set(from, { onscroll: () => to.scrollTo(from.scrollLeft, from.scrollTop) });
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
    for (const [text, source, row, column, before] of this.headings) {
      const heading = el("h3", { "--flow": 2 * before }, text, source && el("span.source", ` ${source}`));
      this.plane.append(place(heading, row, column));
    }
    this.blocks.forEach((block, n) =>
      this.plane.append(...block.draw().map((element) => set(element, { "--flow": 2 * n + 1 }))),
    );
    this.twin?.draw();
    this.view.extras?.(this);
    this.update();
  }

  update() {
    if (!this.drawn) return [];
    const changed = this.blocks.flatMap((block) => block.update());
    const letters = Math.max(5, ...this.blocks.map((block) => block.longest));
    if (letters !== this.letters) set(this.plane, { "--letters": letters });
    this.letters = letters;
    this.arcs?.forEach((arcs) => arcs.update());
    return changed;
  }
}

/** A lesson on the page. frozen: it is the one that stands beside another. */
class View {
  constructor(data, lesson, frozen = false) {
    Object.assign(this, { data, lesson, frozen, against: null, lit: [] });
    this.parts = data.parts.map((part, n) => new Part(this, n, part));
    this.blocksOf = new Map(lesson.tables.map((_, n) => [n, []]));
    for (const block of this.parts.flatMap((part) => part.blocks))
      for (const n of block.record.name ? [block.table] : block.record.reads) this.blocksOf.get(n).push(block);
    const partOf = new Map(this.parts.map((part) => [part.element, part]));
    const draw = (entries) => entries.filter((e) => e.isIntersecting).forEach((e) => partOf.get(e.target).draw());
    this.observer = new IntersectionObserver(draw, { rootMargin: "800px" });
    for (const part of this.parts) this.observer.observe(part.element);
  }

  close() {
    this.observer.disconnect();
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

  /** What a table looks like depends on these: its numbers, the words beside it, and what pieces are made of. */
  stampOf(table) {
    const { lesson } = this;
    const { spell, labels } = lesson.tables[table];
    const words = labels.map((of) => (Array.isArray(of) ? lesson.table(of[0]) : null));
    const grows = [spell, ...labels].some((of) => this.data.vocabularies[of]?.merges);
    return [lesson.table(table), ...words, grows ? lesson.version : 0];
  }

  /** The block in which a table is computed or typed. */
  home(n) {
    return this.blocksOf.get(n).find((block) => block.home) ?? null;
  }

  /** The function that colours the cells of a table by their size, or by their difference from the other lesson. */
  heatOf(block) {
    const { look } = block.record;
    const values = this.lesson.table(block.table);
    const others = this.against?.table(block.table);
    const compared = others?.length === values.length;
    const before = compared ? others : look === "updated" ? this.weightBefore(block.record, block.table) : null;
    const size = before ? (x, at) => x - before[at] : (x) => x;
    const signed = compared || look === "gradient" || look === "updated";
    if (!signed && look !== "attention") return block.warm ? cool : null;
    block.warm = true;
    const sizes = signed ? Array.from(values, (x, at) => Math.abs(size(x, at))) : [1];
    const largest = sizes.reduce((most, x) => (x > most && x < INFINITE ? x : most), 0);
    if (largest < 1e-12) return cool;
    return (cell, x, at) => {
      const difference = size(x, at);
      const share = Math.min(1, Math.abs(difference) / largest);
      cell.classList.toggle("warm", share > 0.002);
      cell.classList.toggle("differs", compared && Math.abs(difference) > 1e-12);
      cell.style.setProperty("--strength", `${(share * 62).toFixed(1)}%`);
      cell.style.setProperty("--tint", `var(--heat-${!signed ? "more" : difference > 0 ? "up" : "down"})`);
    };
  }

  /** The numbers of the weight that an updated table replaces, if its name says which. */
  weightBefore({ name, rows, columns }, table) {
    const n = this.lesson.names.get(name.replace(/^(step\d+\.)?updated\./, ""));
    const of = this.lesson.tables[n];
    return n !== table && of?.rows === rows && of.columns === columns ? this.lesson.table(n) : null;
  }

  /** Draw again what has changed, and flash it. (Two animations take turns, so that one can begin anew at once.) */
  update() {
    this.turn = !this.turn;
    for (const cell of this.parts.flatMap((part) => part.update())) {
      cell.classList.add("flash");
      cell.classList.toggle("again", this.turn);
    }
  }

  unlight() {
    for (const [cell, kind] of this.lit) cell.classList.remove(kind);
    this.lit = [];
  }

  /** The cells of the lesson that are lit in one way, once for each place. */
  litCells(kind) {
    const cells = this.lit.filter(([, name]) => name === `lit-${kind}`).map(([cell]) => cell);
    return cells.map((cell) => cell.at[0].sourceOf(cell));
  }

  /** Light the cells of the page that show these cells of the lesson, where they are drawn. */
  light(cells, kind) {
    for (const at of cells)
      for (const block of this.blocksOf.get(at[0])) {
        const there = block.cells && block.placeOf(...at);
        const cell = there && block.cellAt(there);
        if (!cell) continue;
        cell.classList.add(`lit-${kind}`);
        this.lit.push([cell, `lit-${kind}`]);
      }
  }
}

function cool(cell) {
  cell.classList.remove("warm", "differs");
}
