// The parts of a lesson as grids of cells: the same tables in the same places as in the workbook.

const LETTERS_A_COLUMN = 8.5;
/** A table of more cells shows so many rows and columns at a time. */
const MOST_AT_ONCE = 3000;
const WINDOW = 24;

/** An element with properties, classes, attributes and children; texts are always text. */
function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

function put(element, row, column, rows = 1, columns = 1) {
  const { style } = element;
  style.setProperty("--row", row);
  style.setProperty("--column", column);
  style.setProperty("--rows", rows);
  style.setProperty("--columns", columns);
  return element;
}

/** A table in its place on a part: its caption, its labels and its cells. */
class Block {
  constructor(view, part, [table, row, column, home, name, shape, rule, strip, prefixes]) {
    Object.assign(this, { view, part, table, row, column, home: home === 1, strip: strip === 1, prefixes });
    this.caption = { name, shape, rule };
    this.record = view.lesson.tables[table];
    this.turned = view.data.turned;
    const { rows, columns } = this.record;
    [this.height, this.width] = this.turned ? [columns, rows] : [rows, columns];
    const big = this.height * this.width > MOST_AT_ONCE;
    this.rowsShown = big ? Math.min(this.height, WINDOW) : this.height;
    this.columnsShown = big ? Math.min(this.width, WINDOW) : this.width;
    this.first = [0, 0];
    this.cells = null;
    this.texts = [];
    this.longest = 0;
  }

  /** Whether only some of its rows and columns are shown. */
  get isWindow() {
    return this.rowsShown < this.height || this.columnsShown < this.width;
  }

  /** Show other rows and columns: those from a cell on. */
  moveTo(row, column) {
    const within = (x, size, count) => Math.max(0, Math.min(x, size - count));
    this.first = [within(row, this.height, this.rowsShown), within(column, this.width, this.columnsShown)];
    this.update();
    this.drawWindow();
  }

  /** The element of a cell (row and column as shown) if it is drawn; `move` brings it into the window. */
  cellAt([r, c], move = false) {
    if (!this.cells) return null;
    const [row, column] = this.first;
    const inside = r >= row && r < row + this.rowsShown && c >= column && c < column + this.columnsShown;
    if (!inside && !move) return null;
    if (!inside) this.moveTo(r - (WINDOW >> 1), c - (WINDOW >> 1));
    return this.cells[r - this.first[0]][c - this.first[1]];
  }

  /** The buttons that move the window. */
  drawWindow() {
    if (!this.isWindow) return;
    const [row, column] = this.first;
    const move = (key, sign, down, right) =>
      el(
        "button",
        {
          type: "button",
          "aria-label": say(key),
          title: say(key),
          onclick: () => this.moveTo(row + down, column + right),
        },
        sign,
      );
    const text = say("window", { a: row + 1, b: row + this.rowsShown, c: column + 1, d: column + this.columnsShown });
    this.mover.replaceChildren(
      move("up", "▴", -WINDOW, 0),
      move("down", "▾", WINDOW, 0),
      move("left", "◂", 0, -WINDOW),
      move("right_side", "▸", 0, WINDOW),
      el("span", {}, text),
    );
  }

  get look() {
    const { look } = this.record;
    if (this.home) return look;
    return look === "attention" ? look : "shown";
  }

  /** The cell of the lesson that stands in a row and column of the block: a view's is the cell that it shows. */
  source(r, c) {
    const [i, j] = this.turned ? [c, r] : [r, c];
    if (this.record.name) return [this.table, i, j];
    return this.view.lesson.inputs(this.table, i, j)[0] ?? [this.table, i, j];
  }

  /** The place of a lesson's cell in the block, if it is there: [row, column]. */
  placeOf(n, i, j) {
    if (this.record.name) {
      if (n !== this.table) return null;
      return this.turned ? [j, i] : [i, j];
    }
    if (!this.sources) {
      this.sources = new Map();
      for (let r = 0; r < this.height; r++)
        for (let c = 0; c < this.width; c++) this.sources.set(this.source(r, c).join(), [r, c]);
    }
    return this.sources.get(`${n},${i},${j}`) ?? null;
  }

  /** The cell of the lesson that an element of the block shows. */
  sourceOf([, r, c]) {
    return this.source(this.first[0] + r, this.first[1] + c);
  }

  number(r, c) {
    return this.turned ? this.view.lesson.value(this.table, c, r) : this.view.lesson.value(this.table, r, c);
  }

  label(axis, index) {
    const side = this.turned ? 1 - axis : axis;
    const word = this.view.word(this.record.labels[side], index);
    if (word !== null) return word;
    const size = axis ? this.width : this.height;
    return size > 1 ? `${this.prefixes[side]}${index + 1}` : "";
  }

  draw() {
    const parts = [];
    const { name, shape, rule } = this.caption;
    const caption = el("div", { class: `caption ${this.look}${this.home ? "" : " again"}`, id: `caption-${this.key}` });
    caption.append(el("b", {}, name), shape ? el("span", { class: "shape" }, ` ${shape}`) : "");
    if (this.strip) {
      put(caption, this.turned ? this.row - 1 : this.row, this.turned ? this.column : this.column - 1);
      caption.classList.add(this.turned ? "above" : "before");
    } else {
      put(caption, this.row - 3, this.column);
      if (rule) caption.append(el("span", { class: "rule" }, rule));
    }
    parts.push(caption);
    parts.push(this.grid());
    if (this.isWindow) {
      this.mover = put(el("div", { class: "mover" }), this.row + this.rowsShown, this.column);
      this.drawWindow();
      parts.push(this.mover);
    }
    return parts;
  }

  grid() {
    const labelled = !this.strip;
    this.rowLabels = [];
    this.columnLabels = [];
    this.cells = [];
    this.texts = [];
    const body = el("tbody");
    if (labelled) {
      const head = el("tr", {}, el("td", { class: "corner" }));
      for (let c = 0; c < this.columnsShown; c++) {
        const label = el("th", { scope: "col", role: "columnheader" });
        this.columnLabels.push(label);
        head.append(label);
      }
      body.append(head);
    }
    for (let r = 0; r < this.rowsShown; r++) {
      const line = el("tr");
      if (labelled) {
        const label = el("th", { scope: "row", role: "rowheader" });
        this.rowLabels.push(label);
        line.append(label);
      }
      const cells = [];
      for (let c = 0; c < this.columnsShown; c++) {
        const cell = el("td", { role: "gridcell", tabindex: r || c ? "-1" : "0" });
        cell.at = [this, r, c];
        cells.push(cell);
        line.append(cell);
      }
      this.cells.push(cells);
      this.texts.push(cells.map(() => null));
      body.append(line);
    }
    const table = el("table", {
      role: "grid",
      class: `${this.look}${this.home ? "" : " again"}${this.strip ? " strip" : ""}`,
      "aria-labelledby": `caption-${this.key}`,
      "aria-rowcount": this.height,
      "aria-colcount": this.width,
    });
    table.append(body);
    this.element = table;
    const before = labelled ? 1 : 0;
    return put(table, this.row - before, this.column - before, this.rowsShown + before, this.columnsShown + before);
  }

  /** What the texts of pieces depend on besides their numbers: what was changed anywhere. */
  spelling() {
    const of = [this.record.spell, ...this.record.labels].filter((kind) => typeof kind === "number");
    const grows = of.some((kind) => this.view.data.vocabularies[kind].merges);
    return grows ? this.view.lesson.version : 0;
  }

  /** Write the numbers and labels that differ from what stands there. Returns the cells that have changed. */
  update() {
    if (!this.cells) return [];
    if (this.view.practice?.draw(this)) return [];
    const { lesson, against } = this.view;
    const values = lesson.table(this.table);
    const words = this.record.labels.map((of) => (Array.isArray(of) ? lesson.table(of[0]) : null));
    const stamp = [
      values,
      ...words,
      against?.table(this.table),
      this.first,
      lesson.patches.get(this.table)?.size,
      this.spelling(),
    ];
    if (this.stamp?.every((part, n) => part === stamp[n])) return [];
    this.stamp = stamp;
    this.longest = 0;
    const places = placesOf(values);
    const changed = [];
    const heat = this.view.heatOf(this);
    const patched = lesson.patches.has(this.table);
    const [row, column] = this.first;
    for (let r = 0; r < this.rowsShown; r++) {
      for (let c = 0; c < this.columnsShown; c++) {
        const x = this.number(row + r, column + c);
        const shownPlaces = places || Number.isInteger(x) || Math.abs(x - Math.round(x)) < 1e-9 ? places : 2;
        const { spell } = this.record;
        const text = spell === undefined ? inCell(x, shownPlaces) : this.view.spelled(spell, x);
        const cell = this.cells[r][c];
        if (text.length > this.longest) this.longest = text.length;
        if (this.texts[r][c] !== text) {
          if (this.texts[r][c] !== null) changed.push(cell);
          this.texts[r][c] = text;
          cell.textContent = text;
        }
        if (heat) heat(cell, x, row + r, column + c);
        if (patched) cell.classList.toggle("held", lesson.isPatched(...this.source(row + r, column + c)));
      }
    }
    this.rowLabels.forEach((label, r) => relabel(label, this.label(0, row + r), row + r + 1));
    this.columnLabels.forEach((label, c) => relabel(label, this.label(1, column + c), column + c + 1));
    return changed;
  }
}

/** Write a label; one that shows nothing is read out as its number. */
function relabel(element, text, number) {
  if (element.textContent !== text) element.textContent = text;
  if (!text) element.setAttribute("aria-label", String(number));
}
