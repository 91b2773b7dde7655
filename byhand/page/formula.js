// The formula of a cell: in letters, with the numbers put in, and in words for those who listen.

const MOST_SPOKEN = 12;

/** A <math> element from markup that byhand has printed. */
function mathOf(markup) {
  const holder = document.createElement("template");
  holder.innerHTML = `<math>${markup}</math>`;
  return holder.content.firstChild;
}

/** The row and column of a cell below its symbol: only where there is more than one. */
function placeBelow([n, i, j]) {
  const { rows, columns } = page.lesson.tables[n];
  const places = [rows > 1 && i + 1, columns > 1 && j + 1].filter(Boolean);
  if (data.turned) places.reverse();
  return places.join(places.some((place) => place > 9) ? ", " : "");
}

/** A table's symbol as one that reads it calls it: text, MathML with a place below it, and MathML without. */
function symbolOf(n, reader = n) {
  const { tables } = page.lesson;
  return data.symbols[tables[reader].calls?.[n] ?? tables[n].symbol];
}

/** A cell's name as <math>. */
function nameOf(cell, reader) {
  const [, placed, alone] = symbolOf(cell[0], reader);
  const below = placeBelow(cell);
  const math = mathOf(below ? placed : alone);
  if (below) math.querySelector(".at").textContent = below;
  return math;
}

function mathNumber(x) {
  const text = shown(x);
  const size = text.replace(MINUS, "");
  const number = el(/^[.\d]/.test(size) ? "math:mn" : "math:mi", size);
  if (size === text) return el("math:mrow", number);
  return el("math:mrow", { "data-negative": true }, el("math:mo", { form: "prefix" }, MINUS), number);
}

/** A form of formulas whose holes are filled by a function of their numbers. */
function filled(markup, fill) {
  const math = mathOf(markup);
  for (const hole of math.querySelectorAll(".h")) {
    const content = fill(Number(hole.dataset.h));
    const isBracketed = hole.classList.contains("b") && content.dataset?.negative !== undefined;
    hole.replaceChildren(...(isBracketed ? [el("math:mo", "("), content, el("math:mo", ")")] : [content]));
  }
  return math;
}

/** The lines of a cell's formula: in letters, and if it is no secret in numbers; none of a given number. */
function formulaLines(cell, isSecret) {
  const { lesson } = page;
  const made = lesson.forms[cell[0]]?.(cell[1], cell[2]);
  if (!made) return [];
  const { form, holes } = made;
  const [letters, numbers] = form;
  const line = (kind, sign, math) => el(`div.line.${kind}`, el("span.sign", sign), el("div.side", math));
  const values = holes.map(({ cell, number }) => (cell ? lesson.value(...cell) : number));
  const name = (h) => (holes[h].cell ? nameOf(holes[h].cell, cell[0]).firstChild : mathNumber(values[h]));
  const lines = [line("letters", "=", filled(letters, name))];
  if (isSecret) return lines;
  if (letters !== numbers || holes.length !== 1)
    lines.push(
      line(
        "numbers",
        "=",
        filled(numbers, (h) => mathNumber(values[h])),
      ),
    );
  const value = lesson.value(...cell);
  const sign = [...values, value].every(isExact) ? "=" : "≈";
  return [...lines, line("value", sign, el("math:math", mathNumber(value)))];
}

/** Where a cell stands: row 2 (cat), column 1. */
function placeText([n, ...at]) {
  const { labels } = page.lesson.tables[n];
  const named = [0, 1].map((axis) => {
    const word = page.lesson.word(labels[axis], at[axis]);
    return word === null ? at[axis] + 1 : `${at[axis] + 1} (${word})`;
  });
  const [row, column] = data.turned ? named.reverse() : named;
  return say("row_column", { row, column });
}

/** A cell in words: its name, place, value and meaning, the rule, and what it reads. */
function spokenText(cell) {
  const { lesson, view } = page;
  const { name, about } = lesson.tables[cell[0]];
  const reads = lesson.inputs(...cell);
  const listed = reads.slice(0, MOST_SPOKEN).map((input) => {
    const below = placeBelow(input).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
    return `${symbolOf(input[0], cell[0])[0]}${below} ${shown(lesson.value(...input))}`;
  });
  const left = reads.length - listed.length;
  if (left > 0) listed.push(say("and_more", { n: left }));
  const sentence = `${name}, ${placeText(cell)}: ${shown(lesson.value(...cell))}. ${about}`;
  return [sentence, view.home(cell[0])?.rule, listed.join(", ")].filter(Boolean).join(" ");
}
