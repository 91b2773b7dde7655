// The formula of a cell: in letters, and with the numbers put in.

/** A cell's name in MathML as a table that reads it calls it, with its row and column where there are several. */
function nameOf([n, i, j], reader = n) {
  const { tables } = page.lesson;
  const { rows, columns, symbol } = tables[n];
  const [placed, alone] = data.symbols[tables[reader].calls?.[n] ?? symbol];
  const places = [rows > 1 && i + 1, columns > 1 && j + 1].filter(Boolean);
  if (data.turned) places.reverse();
  const below = places.join(places.some((place) => place > 9) ? ", " : "");
  return new Markup(below ? placed.replace("<mn>@</mn>", `<mn>${below}</mn>`) : alone);
}

function mathNumber(x) {
  const text = shown(x);
  const size = text.replace(MINUS, "");
  const number = /^[.\d]/.test(size) ? html`<mn>${size}</mn>` : html`<mi>${size}</mi>`;
  return size === text ? number : html`<mrow><mo form="prefix">${MINUS}</mo>${number}</mrow>`;
}

/** The lines of a cell's formula: in letters, and if it is no secret in numbers; none of a given number. */
function formulaLines(cell, isSecret) {
  const { lesson } = page;
  const made = lesson.forms[cell[0]]?.(cell[1], cell[2]);
  if (!made) return [];
  const [letters, numbers] = made.form;
  const valueAt = (hole) => (Array.isArray(hole) ? lesson.value(...hole) : hole);
  const named = (hole) => (Array.isArray(hole) ? nameOf(hole, cell[0]) : mathNumber(hole));
  // A number of a form stands in <h>, in <h b> if a negative one needs brackets.
  const filled = (form, of) =>
    form.replace(/<h( b)?>(\d+)<\/h>/g, (_, isBracketed, n) => {
      const content = of(made.holes[n]);
      return isBracketed && content.includes("prefix") ? `<mrow><mo>(</mo>${content}<mo>)</mo></mrow>` : content;
    });
  const value = lesson.value(...cell);
  const isAll = [...made.holes.map(valueAt), value].every(isExact);
  const isPlain = letters === numbers && made.holes.length === 1;
  const lines = [["letters", "=", filled(letters, named)]];
  if (!isSecret && !isPlain) lines.push(["numbers", "=", filled(numbers, (hole) => mathNumber(valueAt(hole)))]);
  if (!isSecret) lines.push(["value", isAll ? "=" : "≈", mathNumber(value)]);
  return lines.map(
    ([kind, sign, math]) => html`<div class="line ${kind}"><span>${sign}</span><math>${new Markup(math)}</math></div>`,
  );
}

/** Where a cell stands: row 2 (cat), column 1. */
function placeText([n, ...at]) {
  const { labels } = page.lesson.tables[n];
  const named = at.map((index, axis) => {
    const word = page.lesson.word(labels[axis], index);
    return word === null ? index + 1 : `${index + 1} (${word})`;
  });
  const [row, column] = data.turned ? named.reverse() : named;
  return say("row_column", { row, column });
}
