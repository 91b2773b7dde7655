// Attention as arcs between the words: the thicker, the more a word at the left looks at a word at the right.

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Draw the arcs of a part's attention weights below its tables; they follow every change. */
function drawArcs(app, part) {
  const { practice } = app;
  const known = part.blocks.filter((block) => !practice?.hidden.has(block.table));
  const blocks = known.filter(
    (block) => block.home && block.record.look === "attention" && block.record.labels[0] !== null,
  );
  if (!blocks.length) return;
  const figures = blocks.filter((b) => b.record.rows * b.record.columns <= 400).map((block) => new Arcs(app, block));
  part.arcs = figures;
  if (!figures.length) return;
  const details = el(
    "details",
    { class: "arcs" },
    el("summary", {}, say("arcs")),
    el("div", {}, ...figures.map((f) => f.element)),
  );
  details.open = true;
  part.element.append(details);
}

class Arcs {
  constructor(app, block) {
    Object.assign(this, { app, block });
    this.element = el("figure", {}, el("figcaption", {}, block.caption.name));
    this.update();
  }

  update() {
    const { record, table } = this.block;
    const { view, lesson } = this.app;
    const stamp = [lesson.table(table), ...record.labels.map((of) => (Array.isArray(of) ? lesson.table(of[0]) : null))];
    if (this.stamp?.every((part, n) => part === stamp[n])) return;
    this.stamp = stamp;
    const { rows, columns } = record;
    const words = (axis, count) =>
      Array.from(
        { length: count },
        (_, n) => view.word(record.labels[axis], n) ?? view.word(record.labels[0], n) ?? String(n + 1),
      );
    const [from, to] = [words(0, rows), words(1, columns)];
    const height = Math.max(rows, columns) * 26 + 8;
    const letters = Math.max(...from.map((w) => w.length), ...to.map((w) => w.length));
    const side = Math.min(140, letters * 8 + 14);
    const width = side * 2 + 150;
    const drawing = svg("svg", {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": this.spoken(from, to),
    });
    const y = (n) => n * 26 + 17;
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        const share = lesson.value(table, i, j);
        if (!(share > 0.005)) continue;
        const path = svg("path", {
          d: `M${side} ${y(i)}C${side + 70} ${y(i)} ${width - side - 70} ${y(j)} ${width - side} ${y(j)}`,
          class: "arc",
          "stroke-width": (0.6 + 9 * Math.min(1, share)).toFixed(2),
          "stroke-opacity": (0.25 + 0.65 * Math.min(1, share)).toFixed(2),
        });
        path.append(svg("title", {}, say("arc", { from: from[i], to: to[j], share: inCell(share, 3) })));
        path.addEventListener("mouseenter", () => this.app.point([table, i, j]));
        path.addEventListener("click", () => this.app.choose([table, i, j]));
        drawing.append(path);
      }
    const clip = (word) => (word.length > 16 ? `${word.slice(0, 15)}…` : word);
    from.forEach((word, n) =>
      drawing.append(svg("text", { x: side - 6, y: y(n) + 4, "text-anchor": "end" }, clip(word))),
    );
    to.forEach((word, n) => drawing.append(svg("text", { x: width - side + 6, y: y(n) + 4 }, clip(word))));
    this.drawing?.remove();
    this.drawing = drawing;
    this.element.append(drawing);
  }

  spoken(from, to) {
    const { table } = this.block;
    const best = from.map((word, i) => {
      const shares = to.map((_, j) => this.app.lesson.value(table, i, j));
      const j = shares.indexOf(Math.max(...shares));
      return say("arc", { from: word, to: to[j] ?? "", share: inCell(shares[j], 2) });
    });
    return best.join("; ");
  }
}
