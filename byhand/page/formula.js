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

/** A form of formulas whose holes are filled by a function; a negative number stands in brackets where it needs them. */
function filled(form, of) {
  return form.replace(/<h( b)?>(\d+)<\/h>/g, (_, isBracketed, hole) => {
    const content = of(hole);
    const [open, close] = isBracketed && content.includes("prefix") ? ["<mo>(</mo>", "<mo>)</mo>"] : ["", ""];
    return `<mrow>${open}${content}${close}</mrow>`;
  });
}

/** The lines of a cell's formula: in letters, and if it is no secret in numbers; none of a given number. */
function formulaLines(cell, isSecret) {
  const { lesson } = page;
  const made = lesson.forms[cell[0]]?.(cell[1], cell[2]);
  if (!made) return [];
  const { holes, form } = made;
  const [letters, numbers] = form;
  const values = holes.map(({ cell, number }) => (cell ? lesson.value(...cell) : number));
  const value = lesson.value(...cell);
  const line = (kind, sign, math) =>
    html`<div class="line ${kind}"><span>${sign}</span><math>${new Markup(math)}</math></div>`;
  const name = (hole) => (holes[hole].cell ? nameOf(holes[hole].cell, cell[0]) : mathNumber(values[hole]));
  const isPlain = letters === numbers && holes.length === 1;
  return [
    line("letters", "=", filled(letters, name)),
    !isSecret &&
      !isPlain &&
      line(
        "numbers",
        "=",
        filled(numbers, (hole) => mathNumber(values[hole])),
      ),
    !isSecret && line("value", [...values, value].every(isExact) ? "=" : "≈", mathNumber(value)),
  ];
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
