// Attention as arcs between the words: the thicker, the more a word at the left looks at a word at the right.

const LINE = 26;
const MOST_ARCS = 400;
const MOST_LETTERS = 16;

/** Draw the arcs of a part's attention weights below its tables; they follow every change. */
function drawArcs(app, part) {
  const blocks = part.blocks.filter(
    ({ home, table, record: { look, labels, rows, columns } }) =>
      home &&
      look === "attention" &&
      labels[0] !== null &&
      rows * columns <= MOST_ARCS &&
      !app.practice?.hidden.has(table),
  );
  part.arcs = blocks.map((block) => new Arcs(app, block));
  if (!blocks.length) return;
  const figures = part.arcs.map((arcs) => arcs.element);
  part.element.append(el("details.arcs", { open: true }, el("summary", say("arcs")), el("div", figures)));
}

class Arcs {
  constructor(app, block) {
    Object.assign(this, { app, block });
    this.element = el("figure", el("figcaption", block.caption.name), el("svg:svg"));
    this.update();
  }

  update() {
    const { record, table } = this.block;
    const { view, lesson } = this.app;
    const stamp = view.stampOf(table);
    if (this.stamp?.every((part, n) => part === stamp[n])) return;
    this.stamp = stamp;
    const word = (axis, n) => view.word(record.labels[axis], n) ?? view.word(record.labels[0], n) ?? String(n + 1);
    const words = (axis, count) => Array.from({ length: count }, (_, n) => word(axis, n));
    const [from, to] = [words(0, record.rows), words(1, record.columns)];
    const height = Math.max(from.length, to.length) * LINE + 8;
    const side = Math.min(140, Math.max(...[...from, ...to].map((w) => w.length)) * 8 + 14);
    const width = side * 2 + 150;
    const y = (n) => n * LINE + 17;
    const sentence = ([, i, j]) =>
      say("arc", { from: from[i], to: to[j], share: inCell(lesson.value(table, i, j), 3) });
    const arc = (cell) => {
      const [, i, j] = cell;
      const share = Math.min(1, lesson.value(...cell));
      const about = {
        d: `M${side} ${y(i)}C${side + 70} ${y(i)} ${width - side - 70} ${y(j)} ${width - side} ${y(j)}`,
        "stroke-width": (0.6 + 9 * share).toFixed(2),
        "stroke-opacity": (0.25 + 0.65 * share).toFixed(2),
        onmouseenter: () => this.app.point(cell),
        onclick: () => this.app.choose(cell),
      };
      return el("svg:path.arc", about, el("svg:title", sentence(cell)));
    };
    const clip = (text) => (text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text);
    const label = (x, anchor) => (text, n) => el("svg:text", { x, y: y(n) + 4, "text-anchor": anchor }, clip(text));
    const cells = lesson.cells(table);
    const larger = (a, b) => (lesson.value(...b) > lesson.value(...a) ? b : a);
    const most = from.map((_, i) => cells.filter((cell) => cell[1] === i).reduce(larger));
    const drawing = el(
      "svg:svg",
      { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": most.map(sentence).join("; ") },
      cells.filter((cell) => lesson.value(...cell) > 0.005).map(arc),
      from.map(label(side - 6, "end")),
      to.map(label(width - side + 6, "start")),
    );
    this.element.lastChild.replaceWith(drawing);
  }
}
