// Attention as arcs between the words: the thicker, the more a word at the left looks at a word at the right.

const LINE = 26;
const MOST_ARCS = 400;

function hasArcs({ home, table, cells, record: { look, labels, rows, columns } }) {
  const isSecret = page.practice?.hidden.has(table);
  return cells && home && look === "attention" && labels[0] !== null && rows * columns <= MOST_ARCS && !isSecret;
}

/** The drawing of a table of attention weights. */
function arcsOf({ lesson, table, name, record: { rows, columns, labels } }) {
  const words = [rows, columns].map((count, axis) =>
    range(count, (n) => lesson.word(labels[axis], n) ?? lesson.word(labels[0], n) ?? String(n + 1)),
  );
  const side = Math.min(140, Math.max(...words.flat().map(({ length }) => length)) * 8 + 14);
  const [width, height] = [side * 2 + 150, Math.max(rows, columns) * LINE + 8];
  const y = (n) => n * LINE + 17;
  const share = (cell) => Math.min(1, lesson.value(...cell));
  const sentence = (cell) =>
    say("arc", { from: words[0][cell[1]], to: words[1][cell[2]], share: inCell(share(cell), 3) });
  const arc = (cell) => {
    const [start, end] = [y(cell[1]), y(cell[2])];
    const path = `M${side} ${start}C${side + 70} ${start} ${side + 80} ${end} ${side + 150} ${end}`;
    return html`<path class="arc" data-cell="${String(cell)}" d="${path}" stroke-width="${0.6 + 9 * share(cell)}"
      stroke-opacity="${0.25 + 0.65 * share(cell)}"><title>${sentence(cell)}</title></path>`;
  };
  const clipped = (text) => (text.length > 16 ? `${text.slice(0, 15)}…` : text);
  const label = (x, anchor) => (text, n) =>
    html`<text x="${x}" y="${y(n) + 4}" text-anchor="${anchor}">${clipped(text)}</text>`;
  const cells = lesson.cells(table);
  const strongest = (i) => cells.filter((cell) => cell[1] === i).reduce((a, b) => (share(b) > share(a) ? b : a));
  return html`<figure><figcaption>${name}</figcaption><svg viewBox="0 0 ${width} ${height}" width="${width}"
    height="${height}" role="img" aria-label="${range(rows, strongest).map(sentence).join("; ")}">
    ${cells.filter((cell) => share(cell) > 0.005).map(arc)}
    ${words[0].map(label(side - 6, "end"))}${words[1].map(label(width - side + 6, "start"))}</svg></figure>`;
}

/** Below a part's tables, the arcs of its attention weights, which follow every change. */
whenDrawn.push(() => {
  for (const [n, part] of page.view.parts.entries()) {
    const grids = page.view.of(n).filter(hasArcs);
    const markup = html`<details class="arcs" open><summary>${say("arcs")}</summary><div></div></details>`;
    if (grids.length && !part.querySelector(".arcs")) part.insertAdjacentHTML("beforeend", markup);
    if (grids.length) fill(part.querySelector(".arcs > div"), html`${grids.map(arcsOf)}`);
  }
});
