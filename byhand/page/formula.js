// The formula of a cell: in letters, with the numbers put in, and as a sentence for those who listen.

/** A <math> element from markup that byhand has printed. */
function mathOf(markup) {
  const holder = document.createElement("template");
  holder.innerHTML = `<math>${markup}</math>`;
  return holder.content.firstChild;
}

class Formulas {
  constructor(view) {
    Object.assign(this, { view, data: view.data, lesson: view.lesson });
  }

  /** The row and column of a cell below its symbol: only where there is more than one. */
  placeText([n, i, j]) {
    const { rows, columns } = this.lesson.tables[n];
    const places = [];
    if (rows > 1) places.push(i + 1);
    if (columns > 1) places.push(j + 1);
    if (this.data.turned) places.reverse();
    return places.every((place) => place < 10) ? places.join("") : places.join(", ");
  }

  symbolOf(n, reader) {
    return this.data.symbols[this.lesson.tables[reader]?.calls?.[n] ?? this.lesson.tables[n].symbol];
  }

  /** A cell's name as text: Q₂₁. */
  nameText(cell, reader) {
    const digits = { ",": ",", " ": "" };
    const below = [...this.placeText(cell)].map((sign) => digits[sign] ?? "₀₁₂₃₄₅₆₇₈₉"[sign]).join("");
    return this.symbolOf(cell[0], reader ?? cell[0])[0] + below;
  }

  /** A cell's name as <math>. */
  name(cell, reader) {
    const place = this.placeText(cell);
    const [, withPlace, alone] = this.symbolOf(cell[0], reader ?? cell[0]);
    const math = mathOf(place ? withPlace : alone);
    if (place) math.querySelector(".at").textContent = place;
    return math;
  }

  /** The form of a cell's formula, and what fills it; null for a given number. */
  form([n, i, j]) {
    return this.lesson.forms[n]?.(i, j) ?? null;
  }

  filled(markup, fill) {
    const math = mathOf(markup);
    for (const hole of math.querySelectorAll(".h")) {
      const content = fill(Number(hole.dataset.h));
      const bracketed = hole.classList.contains("b") && content.dataset?.negative;
      hole.replaceChildren(...(bracketed ? [el("math:mo", "("), content, el("math:mo", ")")] : [content]));
    }
    return math;
  }

  numberElement(x) {
    const text = shown(x);
    const size = text.replace(MINUS, "");
    const number = el(/^[.\d]/.test(size) ? "math:mn" : "math:mi", size);
    if (size === text) return el("math:mrow", number);
    return el("math:mrow", { "data-negative": "1" }, el("math:mo", { form: "prefix" }, MINUS), number);
  }

  /** The lines of a cell's formula, as elements: in letters, and if it is no secret in numbers; none for a given one. */
  lines(cell, secret = false) {
    const made = this.form(cell);
    if (!made) return [];
    const [form, holes] = made;
    const [letters, numbers] = this.data.forms[form];
    const numberAt = (hole) => (hole[0] === null ? hole[1] : this.lesson.value(...hole));
    const inLetters = this.filled(letters, (h) =>
      holes[h][0] === null ? this.numberElement(holes[h][1]) : this.name(holes[h], cell[0]).firstChild,
    );
    const lines = [{ sign: "=", math: inLetters, kind: "letters" }];
    if (secret) return lines;
    const value = this.lesson.value(...cell);
    const exact = holes.every((hole) => isExact(numberAt(hole))) && isExact(value);
    if (letters !== numbers || holes.length !== 1) {
      const inNumbers = this.filled(numbers, (h) => this.numberElement(numberAt(holes[h])));
      lines.push({ sign: "=", math: inNumbers, kind: "numbers" });
    }
    const result = el("math:math", this.numberElement(value));
    return [...lines, { sign: exact ? "=" : "≈", math: result, kind: "value" }];
  }

  /** Where a cell stands: row 2 (cat), column 1. */
  place([n, i, j]) {
    const labels = this.lesson.tables[n].labels;
    const [rowLabels, columnLabels, r, c] = this.data.turned ? [labels[1], labels[0], j, i] : [...labels, i, j];
    const named = (of, index) => {
      const word = this.view.word(of, index);
      return word === null ? `${index + 1}` : `${index + 1} (${word})`;
    };
    return say("row_column", { row: named(rowLabels, r), column: named(columnLabels, c) });
  }

  /** One sentence about a cell: its name, its place, what it is, its value. */
  sentence(cell) {
    const [n] = cell;
    const { name, about } = this.lesson.tables[n];
    return `${name}, ${this.place(cell)}: ${shown(this.lesson.value(...cell))}. ${about}`;
  }

  /** The formula as plain words, for a screen reader. */
  spoken(cell) {
    const caption = this.view.home(cell[0])?.caption.rule ?? "";
    const reads = this.lesson.inputs(...cell);
    const listed = reads
      .slice(0, 12)
      .map((input) => `${this.nameText(input, cell[0])} ${shown(this.lesson.value(...input))}`);
    const more = reads.length > 12 ? `, ${say("and_more", { n: reads.length - 12 })}` : "";
    return [this.sentence(cell), caption, listed.join(", ") + more].filter(Boolean).join(" ");
  }
}
