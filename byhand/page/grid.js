// A table as a grid of cells, as in the workbook, drawn when its part comes into view.

/** What a part's data says of each table, in this order: see `_block` in lesson_data.py. */
const BLOCK = ["table", "row", "column", "home", "name", "shape", "rule", "strip", "prefixes"];

class Grid {
  /** against: the lesson with which its numbers are compared, or none. */
  constructor(block, part, lesson, against, id) {
    Object.assign(this, { part, lesson, against, id }, Object.fromEntries(BLOCK.map((name, n) => [name, block[n]])));
    this.record = lesson.tables[this.table];
    const { rows, columns } = this.record;
    [this.height, this.width] = data.turned ? [columns, rows] : [rows, columns];
  }

  /** Its caption, and room for its cells. */
  get markup() {
    const { id, home, name, shape, rule, strip, height, width, record } = this;
    const before = strip ? 0 : 1;
    const again = record.look === "attention" ? "attention again" : "shown again"; // grey, unless it is a heat map
    const look = `${home ? record.look : again}${strip ? " strip" : ""}${data.turned ? " turned" : ""}`;
    const size = `--rows:${height + before};--columns:${width + before}`;
    return html`<div class="block ${look}" id="${id}"
      data-style="--row:${this.row - before};--column:${this.column - before};${size}">
      <div class="caption" id="${id}-name"><b>${name}</b> <span class="shape">${shape}</span>
      <span class="rule">${rule}</span></div><table role="grid" aria-labelledby="${id}-name"></table></div>`;
  }

  draw() {
    const { strip, height, width, lesson, record } = this;
    const head = (scope) => html`<th scope="${scope}">`;
    const cells = range(width, () => html`<td tabindex="-1" aria-describedby="about">`);
    const table = byId(this.id).querySelector("table");
    table.innerHTML = html`${!strip && html`<tr><td class="corner">${range(width, () => head("col"))}`}
      ${range(height, () => html`<tr>${!strip && head("row")}${cells}`)}`;
    this.heads = ["row", "col"].map((scope) => [...table.querySelectorAll(`th[scope=${scope}]`)]);
    this.cells = [...table.querySelectorAll("td[tabindex]")];
    this.cells[0].tabIndex = 0;
    this.places = new Map();
    this.cells.forEach((element, n) => {
      const place = [Math.floor(n / width), n % width];
      const [i, j] = data.turned ? place.reverse() : place;
      const shows = record.name ? undefined : lesson.inputs(this.table, i, j)[0]; // a view's is the cell that it shows
      element.at = i * record.columns + j;
      element.dataset.cell = shows ?? [this.table, i, j];
      this.places.set(element.dataset.cell, element);
    });
    this.update();
  }

  /** Write the numbers and labels that differ from what stands there. Returns the cells that have changed. */
  update() {
    this.heads.forEach((heads, axis) => heads.forEach((head, n) => this.writeHead(head, axis, n)));
    if (page.practice?.draw(this)) return [];
    const { lesson, record } = this;
    const values = lesson.table(this.table);
    const places = placesOf(values);
    const heat = this.heat(values);
    this.longest = 5;
    return this.cells.filter((element) => {
      const { at, text: was } = element;
      const text = record.spell === undefined ? inCell(values[at], places) : lesson.spelled(record.spell, values[at]);
      this.longest = Math.max(this.longest, text.length);
      if (was !== text) element.text = element.textContent = text;
      if (heat) heat(element, at);
      element.classList.toggle("held", record.data === undefined && lesson.changes.has(element.dataset.cell));
      return was !== undefined && was !== text;
    });
  }

  writeHead(head, axis, index) {
    const side = data.turned ? 1 - axis : axis;
    const number = (axis ? this.width : this.height) > 1 ? `${this.prefixes[side]}${index + 1}` : "";
    const text = this.lesson.word(this.record.labels[side], index) ?? number;
    if (head.textContent !== text) head.textContent = head.title = text;
    if (!text) head.ariaLabel = index + 1;
  }

  /** The function that colours a cell by size, or by what differs from before: from a weight's number or a lesson's. */
  heat(values) {
    const { look, before } = this.record;
    const others = this.against?.table(this.table) ?? (before === undefined ? null : this.lesson.table(before));
    if (!others && !["attention", "gradient"].includes(look)) return null;
    const sizes = others ? values.map((x, at) => x - others[at]) : values;
    const finite = sizes.map(Math.abs).filter((x) => x < INFINITE);
    const largest = others || look === "gradient" ? finite.reduce((most, x) => Math.max(most, x), 1e-12) : 1;
    return (element, at) => {
      const share = Math.max(-1, Math.min(1, sizes[at] / largest));
      element.classList.toggle("warm", Math.abs(share) > 0.002);
      element.classList.toggle("differs", Boolean(this.against) && Math.abs(sizes[at]) > 1e-12);
      element.style.setProperty("--heat", share.toFixed(3));
    };
  }
}
