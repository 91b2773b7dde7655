// Attention as arcs between the words: the thicker, the more a word at the left looks at a word at the right.

const LINE = 26;
const MOST_ARCS = 400;

function hasArcs({ home, table, record: { look, labels, rows, columns } }) {
  const isSecret = page.practice?.hidden.has(table);
  return home && look === "attention" && labels[0] !== null && rows * columns <= MOST_ARCS && !isSecret;
}

/** The drawing of a table of attention weights. */
function arcsOf({ lesson, table, record: { rows, columns, labels } }) {
  const word = (axis, n) => lesson.word(labels[axis], n) ?? lesson.word(labels[0], n) ?? String(n + 1);
  const [from, to] = [numbers(rows).map((n) => word(0, n)), numbers(columns).map((n) => word(1, n))];
  const side = Math.min(140, Math.max(...[...from, ...to].map(({ length }) => length)) * 8 + 14);
  const [width, height] = [side * 2 + 150, Math.max(rows, columns) * LINE + 8];
  const y = (n) => n * LINE + 17;
  const share = (cell) => Math.min(1, lesson.value(...cell));
  const sentence = (cell) => say("arc", { from: from[cell[1]], to: to[cell[2]], share: inCell(share(cell), 3) });
  const arc = (cell) => {
    const about = {
      d: `M${side} ${y(cell[1])}C${side + 70} ${y(cell[1])} ${side + 80} ${y(cell[2])} ${side + 150} ${y(cell[2])}`,
      "stroke-width": 0.6 + 9 * share(cell),
      "stroke-opacity": 0.25 + 0.65 * share(cell),
      onmouseenter: () => page.point(cell),
      onclick: () => page.choose(cell),
    };
    return el("svg:path.arc", about, el("svg:title", sentence(cell)));
  };
  const label = (x, anchor) => (text, n) => {
    const clipped = text.length > 16 ? `${text.slice(0, 15)}…` : text;
    return el("svg:text", { x, y: y(n) + 4, "text-anchor": anchor }, clipped);
  };
  const cells = lesson.cells(table);
  const most = numbers(rows).map((i) =>
    cells.filter((cell) => cell[1] === i).reduce((a, b) => (share(b) > share(a) ? b : a)),
  );
  return el(
    "svg:svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": most.map(sentence).join("; ") },
    cells.filter((cell) => share(cell) > 0.005).map(arc),
    from.map(label(side - 6, "end")),
    to.map(label(width - side + 6, "start")),
  );
}

/** Below a part's tables, the arcs of its attention weights, which follow every change. */
whenDrawn.push((part) => {
  const grids = part.sides.at(-1).grids.filter(hasArcs);
  if (!grids.length) return;
  const figures = grids.map(({ name }) => el("figure", el("figcaption", name), el("svg:svg")));
  part.element.append(el("details.arcs", { open: true }, el("summary", say("arcs")), el("div", figures)));
  part.redraws.push(() => figures.forEach((figure, n) => figure.lastChild.replaceWith(arcsOf(grids[n]))));
});
