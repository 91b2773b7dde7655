// A table as a grid of cells, as in the workbook. A large one shows a window, see window.js.

/** What a part's data says of each table, in this order: see `_block` in lesson_data.py. */
const BLOCK = ["table", "row", "column", "home", "name", "shape", "rule", "strip", "prefixes", "window"];

function numbers(count) {
  return Array.from({ length: count }, (_, n) => n);
}

/** Put an element at a row and a column of its part, over so many of them. */
function place(element, row, column, rows = 1, columns = 1) {
  return set(element, { "--row": row, "--column": column, "--rows": rows, "--columns": columns });
}

class Grid {
  /** against: the lesson with which its numbers are compared, or none. */
  constructor(part, lesson, against, id, block) {
    Object.assign(this, { part, lesson, against, id, first: [0, 0] });
    BLOCK.forEach((name, n) => (this[name] = block[n]));
    this.record = lesson.tables[this.table];
    const { rows, columns } = this.record;
    [this.height, this.width] = data.turned ? [columns, rows] : [rows, columns];
    [this.rows, this.columns] = this.window ?? [this.height, this.width];
  }

  draw() {
    const { id, name, shape, rule, strip, rows, columns } = this;
    this.cells = numbers(rows).map((r) => numbers(columns).map((c) => this.cell(r, c)));
    const labels = (count, scope, role) => numbers(strip ? 0 : count).map(() => el("th", { scope, role }));
    this.rowLabels = labels(rows, "row", "rowheader");
    this.columnLabels = labels(columns, "col", "columnheader");
    const { look } = this.record;
    const again = look === "attention" ? "attention.again" : "shown.again"; // grey, unless it is a heat map
    this.element = el(
      `div.block.${this.home ? look : again}${strip ? ".strip" : ""}${data.turned ? ".turned" : ""}`,
      el("div.caption", { id }, el("b", name), shape && el("span.shape", ` ${shape}`), el("span.rule", rule)),
      el(
        "table",
        { role: "grid", "aria-labelledby": id, "aria-rowcount": this.height, "aria-colcount": this.width },
        el(
          "tbody",
          strip ? null : el("tr", el("td.corner"), this.columnLabels),
          this.cells.map((cells, r) => el("tr", this.rowLabels[r] ?? null, cells)),
        ),
      ),
    );
    const before = strip ? 0 : 1;
    return place(this.element, this.row - before, this.column - before, rows + before, columns + before);
  }

  cell(r, c) {
    const element = el("td", { role: "gridcell", tabindex: r || c ? -1 : 0 });
    return Object.assign(element, { grid: this, r, c });
  }

  /** Show other rows and columns: those from a place on. */
  moveTo(row, column) {
    const within = (x, shown, all) => Math.max(0, Math.min(x, all - shown));
    this.first = [within(row, this.rows, this.height), within(column, this.columns, this.width)];
    this.part.update();
  }

  /** The element at a row and column; `move` brings it into the window. */
  elementAt(row, column, move = false) {
    const element = this.cells?.[row - this.first[0]]?.[column - this.first[1]];
    if (element || !move) return element;
    this.moveTo(row - this.rows / 2, column - this.columns / 2);
    return this.elementAt(row, column);
  }

  placeOf({ r, c }) {
    return [this.first[0] + r, this.first[1] + c];
  }

  /** The cell of the lesson that stands in a row and column: a view's is the cell that it shows. */
  source(row, column) {
    const cell = [this.table, ...(data.turned ? [column, row] : [row, column])];
    return this.record.name ? cell : (this.lesson.inputs(...cell)[0] ?? cell);
  }

  /** The element of a cell of the lesson that stands here, if it is drawn. */
  elementOf([n, i, j], move = false) {
    if (this.record.name) return this.elementAt(...(data.turned ? [j, i] : [i, j]), move);
    const all = () => numbers(this.height).flatMap((row) => numbers(this.width).map((column) => [row, column]));
    this.places ??= new Map(all().map((place) => [this.source(...place).join(), place]));
    const there = this.places.get(`${n},${i},${j}`);
    return there && this.elementAt(...there, move);
  }

  label(axis, index) {
    const side = data.turned ? 1 - axis : axis;
    const number = (axis ? this.width : this.height) > 1 ? `${this.prefixes[side]}${index + 1}` : "";
    return this.lesson.word(this.record.labels[side], index) ?? number;
  }

  /** Write the numbers and labels that differ from what stands there. Returns the cells that have changed. */
  update() {
    this.writeLabels();
    if (page.practice?.draw(this)) return [];
    const { lesson, table, record } = this;
    const values = lesson.table(table);
    const places = placesOf(values);
    const heat = this.heat(values);
    const changed = [];
    this.longest = 0;
    for (const element of this.cells.flat()) {
      const [row, column] = this.placeOf(element);
      const at = data.turned ? column * record.columns + row : row * record.columns + column;
      const text = record.spell === undefined ? inCell(values[at], places) : lesson.spelled(record.spell, values[at]);
      this.longest = Math.max(this.longest, text.length);
      if (element.text !== text) {
        if (element.text !== undefined) changed.push(element);
        element.text = element.textContent = text;
      }
      heat?.(element, at);
      element.classList.toggle("held", record.data === undefined && lesson.isChanged(...this.source(row, column)));
    }
    return changed;
  }

  writeLabels() {
    const write = (axis) => (label, n) => {
      const text = this.label(axis, this.first[axis] + n);
      if (label.textContent !== text) label.textContent = label.title = text;
      if (!text) label.setAttribute("aria-label", n + 1);
    };
    this.rowLabels.forEach(write(0));
    this.columnLabels.forEach(write(1));
  }

  /** The function that colours cells by size, or by what differs from before: from a weight's number or a lesson's. */
  heat(values) {
    const { look, before } = this.record;
    const others = this.against?.table(this.table) ?? (before === undefined ? null : this.lesson.table(before));
    const isSigned = others || look === "gradient";
    if (!isSigned && look !== "attention") return null;
    const sizes = others ? values.map((x, at) => x - others[at]) : values;
    const finite = sizes.map(Math.abs).filter((x) => x < INFINITE);
    const largest = isSigned ? finite.reduce((most, x) => Math.max(most, x), 1e-12) : 1;
    return (element, at) => {
      const share = Math.min(1, Math.abs(sizes[at]) / largest);
      element.classList.toggle("warm", share > 0.002);
      element.classList.toggle("differs", Boolean(this.against) && Math.abs(sizes[at]) > 1e-12);
      const tint = isSigned ? (sizes[at] > 0 ? "up" : "down") : "more";
      set(element, { "--strength": `${(share * 62).toFixed(1)}%`, "--tint": `var(--heat-${tint})` });
    };
  }
}
