// The parts of a lesson with their tables, drawn when they come into view, and the cells that are lit in them.

/** What else is drawn with a part: functions of the part, which may add to the functions that draw it again. */
const whenDrawn = [];
const onScreen = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => entry.target.lessonPart.draw()),
  { rootMargin: "800px" },
);

/** A part of the model: a heading and its tables on a plane; while comparing two planes, the first as it was before. */
class Part {
  constructor(number, lesson, before) {
    const { title, about, headings, blocks, box } = lesson.data.parts[number];
    Object.assign(this, { number, headings, redraws: [] });
    const lessons = before ? [before, lesson] : [lesson];
    const [top, left, bottom, right] = box;
    this.sides = lessons.map((of, side) => ({
      grids: blocks.map((block, n) => new Grid(this, of, lessons[1 - side], `table-${side}-${number}-${n}`, block)),
      plane: el("div.plane", { "--top": top, "--left": left, "--rows": bottom - top, "--columns": right - left }),
      title: before && el("p.side-title", say(side ? "as_it_is" : "as_it_was")),
    }));
    this.grids = this.sides.flatMap(({ grids }) => grids);
    const id = `part-${number}`;
    const sides = this.sides.map(({ title, plane }) => el("div.side", title, el("div.scroll", plane)));
    this.element = el(
      "section.part",
      { "aria-labelledby": id, "--tall": bottom - top },
      el("header", el("h2", { id, tabindex: -1 }, title), el("p.equation", about)),
      el("div.sides", ...sides),
    );
    this.element.lessonPart = this;
    onScreen.observe(this.element);
  }

  draw() {
    if (this.isDrawn) return;
    this.isDrawn = true;
    const heading = ([text, source, row, column]) =>
      place(el("h3", text, el("span.source", ` ${source}`)), row, column);
    for (const { grids, plane } of this.sides)
      grids.forEach((grid, n) => {
        const above = this.headings.filter(([, , , , before]) => before === n);
        plane.append(...above.map(heading), grid.draw());
      });
    for (const add of whenDrawn) add(this);
    this.update();
  }

  /** Draw what has changed, if the part is drawn at all. Returns the cells that have changed. */
  update() {
    if (!this.isDrawn) return [];
    const changed = this.grids.flatMap((grid) => grid.update());
    set(this.element, { "--letters": Math.max(5, ...this.grids.map(({ longest }) => longest ?? 0)) });
    for (const redraw of this.redraws) redraw();
    return changed;
  }
}

/** A lesson on the page, and at its left the lesson with which it is compared, if there is one. */
class View {
  constructor(lesson, before) {
    this.lesson = lesson;
    this.parts = lesson.data.parts.map((_, number) => new Part(number, lesson, before));
    this.gridsOf = lesson.tables.map(() => []);
    for (const grid of this.parts.flatMap(({ grids }) => grids))
      for (const n of grid.record.name ? [grid.table] : grid.record.reads) this.gridsOf[n].push(grid);
    this.lit = [];
    byId("parts").replaceChildren(...this.parts.map(({ element }) => element));
  }

  /** Draw again what has changed, and flash it. (Two animations take turns, so that one can begin anew at once.) */
  update() {
    this.turn = !this.turn;
    for (const element of this.parts.flatMap((part) => part.update())) {
      element.classList.add("flash");
      element.classList.toggle("again", this.turn);
    }
  }

  /** The grid in which a table is computed or typed. */
  home(n) {
    return this.gridsOf[n].find((grid) => grid.home && grid.lesson === this.lesson);
  }

  unlight() {
    for (const [element, kind] of this.lit) element.classList.remove(kind);
    this.lit = [];
  }

  /** Light all elements that show these cells. kind: lit-here, lit-chosen, lit-input or lit-user. */
  light(cells, kind) {
    const elements = cells.flatMap((cell) => this.gridsOf[cell[0]].map((grid) => grid.cells && grid.elementOf(cell)));
    for (const element of elements.filter(Boolean)) {
      element.classList.add(kind);
      this.lit.push([element, kind]);
    }
  }
}
