// The parts of a lesson as grids of cells: the same tables in the same places as in the workbook.

/** How far the buttons of a large table move it. */
const WINDOW = 24;

/** So many letters of a label are shown for sure. */
const LABEL = 6;

/** Put an element at a row and column of its part, over so many of them. */
function place(element, row, column, rows = 1, columns = 1) {
  return set(element, { "--row": row, "--column": column, "--rows": rows, "--columns": columns });
}

/** A table in its place on a part: its caption, its labels and its cells. A large one shows only some, a window. */
class Block {
  constructor(view, part, n, [table, row, column, home, name, shape, rule, strip, prefixes, size]) {
    Object.assign(this, { view, part, table, row, column, prefixes, home: home === 1, strip: strip === 1 });
    this.id = `${view.frozen ? "was" : "now"}-${part.number}-${n}`;
    this.caption = { name, shape, rule };
    this.record = view.lesson.tables[table];
    this.turned = view.data.turned;
    const { rows, columns } = this.record;
    [this.height, this.width] = this.turned ? [columns, rows] : [rows, columns];
    this.isWindow = size !== undefined;
    [this.rowsShown, this.columnsShown] = size ?? [this.height, this.width];
    this.first = [0, 0];
    this.cells = null;
    this.longest = 0;
  }

  /** Show other rows and columns: those from a cell on. */
  moveTo(row, column) {
    const within = (x, size, count) => Math.max(0, Math.min(x, size - count));
    this.first = [within(row, this.height, this.rowsShown), within(column, this.width, this.columnsShown)];
    this.update();
    this.drawMover();
  }

  /** The element of a cell (row and column as shown) if it is drawn; `move` brings it into the window. */
  cellAt([r, c], move = false) {
    const element = () => this.cells?.[r - this.first[0]]?.[c - this.first[1]] ?? null;
    if (!element() && move) this.moveTo(r - WINDOW / 2, c - WINDOW / 2);
    return element();
  }

  /** The buttons that move the window. */
  drawMover() {
    const [row, column] = this.first;
    const move = (key, sign, down, right) =>
      set(
        button("", () => this.moveTo(row + down, column + right), sign),
        { "aria-label": say(key), title: say(key) },
      );
    this.mover.replaceChildren(
      move("up", "▴", -WINDOW, 0),
      move("down", "▾", WINDOW, 0),
      move("left", "◂", 0, -WINDOW),
      move("right_side", "▸", 0, WINDOW),
      say("window", { a: row + 1, b: row + this.rowsShown, c: column + 1, d: column + this.columnsShown }),
    );
  }

  /** Its colours: a table that stands here again is grey, unless it is a heat map. */
  get look() {
    const { look } = this.record;
    return this.home ? look : `${look === "attention" ? look : "shown"}.again`;
  }

  /** The cell of the lesson that stands in a row and column of the block: a view's is the cell that it shows. */
  source(r, c) {
    const cell = [this.table, ...(this.turned ? [c, r] : [r, c])];
    return this.record.name ? cell : (this.view.lesson.inputs(...cell)[0] ?? cell);
  }

  /** The place of a lesson's cell in the block, if it is there: [row, column]. */
  placeOf(n, i, j) {
    if (this.record.name) return n === this.table ? (this.turned ? [j, i] : [i, j]) : null;
    if (!this.places) {
      const all = Array.from({ length: this.height * this.width }, (_, at) => [
        Math.floor(at / this.width),
        at % this.width,
      ]);
      this.places = new Map(all.map((at) => [this.source(...at).join(), at]));
    }
    return this.places.get(`${n},${i},${j}`) ?? null;
  }

  /** The cell of the lesson that an element of the block shows. */
  sourceOf({ at: [, r, c] }) {
    return this.source(this.first[0] + r, this.first[1] + c);
  }

  label(axis, index) {
    const side = this.turned ? 1 - axis : axis;
    const size = axis ? this.width : this.height;
    const number = size > 1 ? `${this.prefixes[side]}${index + 1}` : "";
    return this.view.word(this.record.labels[side], index) ?? number;
  }

  draw() {
    const { name, shape, rule } = this.caption;
    const kind = this.strip ? (this.turned ? ".above" : ".before") : "";
    const text = [el("b", name), shape && el("span.shape", ` ${shape}`), !this.strip && rule && el("span.rule", rule)];
    const caption = el(`div.caption.${this.look}${kind}`, { id: `caption-${this.id}` }, ...text);
    if (!this.strip) place(caption, this.row - 3, this.column);
    else if (this.turned) place(caption, this.row - 1, this.column);
    else place(caption, this.row, this.column - 1);
    const parts = [caption, this.grid()];
    if (!this.isWindow) return parts;
    this.mover = place(el("div.mover"), this.row + this.rowsShown, this.column);
    this.drawMover();
    return [...parts, this.mover];
  }

  grid() {
    const numbers = (count) => Array.from({ length: count }, (_, n) => n);
    const [rows, columns] = [numbers(this.rowsShown), numbers(this.columnsShown)];
    this.cells = rows.map((r) =>
      columns.map((c) => {
        const cell = el("td", { role: "gridcell", tabindex: r || c ? "-1" : "0" });
        return Object.assign(cell, { at: [this, r, c] });
      }),
    );
    const labels = (of, scope, role) => (this.strip ? [] : of.map(() => el("th", { scope, role })));
    this.rowLabels = labels(rows, "row", "rowheader");
    this.columnLabels = labels(columns, "col", "columnheader");
    const about = { role: "grid", "aria-labelledby": `caption-${this.id}`, "aria-rowcount": this.height };
    this.element = el(
      `table.${this.look}${this.strip ? ".strip" : ""}`,
      { ...about, "aria-colcount": this.width },
      el(
        "tbody",
        !this.strip && el("tr", el("td.corner"), this.columnLabels),
        this.cells.map((cells, r) => el("tr", this.rowLabels[r], cells)),
      ),
    );
    const before = this.strip ? 0 : 1;
    const [row, column] = [this.row - before, this.column - before];
    return place(this.element, row, column, this.rowsShown + before, this.columnsShown + before);
  }

  /** Write the numbers and labels that differ from what stands there. Returns the cells that have changed. */
  update() {
    if (!this.cells || this.view.practice?.draw(this)) return [];
    const { lesson, against } = this.view;
    const { spell, columns } = this.record;
    const stamp = [
      ...this.view.stampOf(this.table),
      against?.table(this.table),
      this.first,
      lesson.patches.get(this.table)?.size,
    ];
    if (this.stamp?.every((part, n) => part === stamp[n])) return [];
    this.stamp = stamp;
    this.longest = 0;
    const values = lesson.table(this.table);
    const places = placesOf(values);
    const changed = [];
    const heat = this.view.heatOf(this);
    for (const cell of this.cells.flat()) {
      const [row, column] = [this.first[0] + cell.at[1], this.first[1] + cell.at[2]];
      const at = this.turned ? column * columns + row : row * columns + column;
      const x = values[at];
      const text =
        spell === undefined
          ? inCell(x, Math.abs(x - Math.round(x)) < 1e-9 ? places : places || 2)
          : this.view.spelled(spell, x);
      if (text.length > this.longest) this.longest = text.length;
      if (cell.text !== text) {
        if (cell.text !== undefined) changed.push(cell);
        cell.text = text;
        cell.textContent = text;
      }
      heat?.(cell, x, at);
      if (lesson.patches.has(this.table)) cell.classList.toggle("held", lesson.isPatched(...this.sourceOf(cell)));
    }
    this.drawLabels();
    return changed;
  }

  drawLabels() {
    this.rowLabels.forEach((label, r) => relabel(label, this.label(0, this.first[0] + r), this.first[0] + r + 1));
    this.columnLabels.forEach((label, c) => relabel(label, this.label(1, this.first[1] + c), this.first[1] + c + 1));
  }
}

/** Write a label; one that shows nothing is read out as its number. */
function relabel(element, text, number) {
  if (element.textContent !== text) element.textContent = text;
  if (text.length > LABEL) element.title = text;
  if (!text) element.setAttribute("aria-label", String(number));
}
