// The parts of a lesson with their tables, drawn when they come into view, and the cells that are lit in them.

/** What else is drawn when tables have come into view or have changed. */
const whenDrawn = [];

/** Do something with each part that comes within some distance of the screen. */
function whenSeen(rootMargin, act) {
  const seen = (entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && act(target));
  return new IntersectionObserver(seen, { rootMargin });
}
const observers = [whenSeen("800px", (part) => page.view.draw(part)), whenSeen("-50% 0px", (part) => goTo(part))];

/** A lesson on the page, and at its left the lesson with which it is compared, if there is one. */
class View {
  lit = [];
  flashing = [];

  constructor(lesson, before) {
    const lessons = before ? [before, lesson] : [lesson];
    this.lesson = lesson;
    this.grids = lesson.data.parts.flatMap(({ blocks }, part) =>
      lessons.flatMap((of, side) =>
        blocks.map((block, n) => new Grid(block, part, of, lessons[1 - side], `table-${side}-${part}-${n}`)),
      ),
    );
    fill(byId("parts"), html`${lesson.data.parts.map((part, n) => this.part(part, n, lessons))}`);
    this.parts = [...byId("parts").children];
    for (const part of this.parts) for (const observer of observers) observer.observe(part);
  }

  /** A part of the model: a heading and its tables on a plane; while comparing two planes, the first as it was. */
  part({ title, about, headings, box: [top, left, bottom, right] }, part, lessons) {
    const heading = ([text, source, row, column]) =>
      html`<h3 data-style="--row:${row};--column:${column}">${text} <span class="source">${source}</span></h3>`;
    const block = (grid, n) => [headings.filter(([, , , , before]) => before === n).map(heading), grid.markup];
    const place = `--top:${top};--left:${left};--rows:${bottom - top};--columns:${right - left}`;
    const side = (lesson, n) => html`<div class="side">
      ${lessons.length > 1 && html`<p class="side-title">${say(n ? "as_it_is" : "as_it_was")}</p>`}
      <div class="scroll" tabindex="0" role="group" aria-labelledby="part-${part}">
      <div class="plane" data-style="${place}">${this.of(part, lesson).map(block)}</div></div></div>`;
    return html`<section class="part" aria-labelledby="part-${part}" data-style="--tall:${bottom - top}">
      <header><h2 id="part-${part}">${title}</h2><p class="equation">${about}</p></header>
      <div class="sides">${lessons.map(side)}</div></section>`;
  }

  /** Draw the tables of a part, if they are not. */
  draw(part) {
    const grids = this.grids.filter((grid) => this.parts[grid.part] === part && !grid.cells);
    for (const grid of grids) grid.draw();
    for (const draw of grids.length ? whenDrawn : []) draw();
    if (grids.length) page.light();
  }

  /** The tables of a part as a lesson has them. */
  of(part, lesson = this.lesson) {
    return this.grids.filter((grid) => grid.part === part && grid.lesson === lesson);
  }

  /** The grid in which a table is computed or typed. */
  home(n) {
    return this.grids.find(({ home, table, lesson }) => home && table === n && lesson === this.lesson);
  }

  /** Draw again what has changed, and flash it. */
  update() {
    this.flash(this.grids.flatMap((grid) => (grid.cells ? grid.update() : [])));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flash([]), 800);
    for (const draw of whenDrawn) draw();
  }

  flash(elements) {
    for (const { classList } of this.flashing) classList.remove("flash");
    for (const { classList } of elements) classList.add("flash");
    this.flashing = elements;
  }

  /** Light all elements that show these cells: as lit-here, lit-chosen, lit-input or lit-user. */
  light(cells, kind) {
    const keys = cells.map(String);
    const all = this.grids.flatMap(({ places }) => (places ? keys.map((key) => places.get(key)) : []));
    const elements = all.filter(Boolean);
    for (const { classList } of elements) classList.add(kind);
    this.lit.push(...elements.map((element) => [element, kind]));
  }

  unlight() {
    for (const [{ classList }, kind] of this.lit) classList.remove(kind);
    this.lit = [];
  }
}

whenDrawn.push(() => {
  for (const [n, part] of page.view.parts.entries())
    part.style.setProperty("--letters", Math.max(...page.view.of(n).map(({ longest }) => longest ?? 5)));
});
