// The numbers of a lesson: each table is computed by its own rule when it is asked for, and again after a change.

/** What a function gives for 0, 1, 2 ... */
function range(count, of = (n) => n) {
  return Array.from({ length: count }, (_, n) => of(n));
}

/** What rules call besides `Math` and the cells that they read. `choose` reads all that it may need. */
const FUNCTIONS = {
  sum(count, at) {
    let total = 0;
    for (let k = 0; k < count; k++) total += at(k);
    return total;
  },
  max: (count, at) => range(count, at).reduce((x, y) => Math.max(x, y)),
  argmax: (count, at) => range(count, at).reduce((best, x, k, all) => (x > all[best] ? k : best), 0),
  pick: (count, at, index) => (index >= 0 && index < count ? at(index) : NaN),
  choose: (condition, x, y) => (condition ? x : y),
  max2: Math.max,
  test: Number,
};

/** The numbers in a record of a table: a list, or bytes in base 64. */
function unpacked(packed) {
  if (Array.isArray(packed)) return Float64Array.from(packed);
  const bytes = Uint8Array.from(atob(packed.f4 ?? packed.f8), (letter) => letter.charCodeAt(0));
  return packed.f4 ? Float64Array.from(new Float32Array(bytes.buffer)) : new Float64Array(bytes.buffer);
}

/** A lesson that is computed. A cell is [table, row, column]; a table reads only tables with smaller numbers. */
class Lesson {
  changes = new Map();

  /**
   * longer: how many words it has more than the lesson that the page begins with, whose tables are mostly alike.
   * replaced: makes the rules of some tables that are computed otherwise, pairs of number and rule.
   */
  constructor(longer, replaced) {
    this.data = longer ? data.longer[longer - 1] : data;
    this.tables = this.data.tables.map((table) => ({ ...data.tables[table.like], ...table }));
    this.names = new Map(this.tables.map(({ name }, n) => [name, n]).filter(([name]) => name));
    this.given = this.tables.map((table) => table.data && unpacked(table.data));
    this.values = this.tables.map(() => null);
    const { values } = this;
    const widths = this.tables.map(({ columns }) => columns);
    const read = (n, i, j) => values[n][i * widths[n] + j];
    this.rules = byhandRules[longer](read, FUNCTIONS);
    for (const [n, rule] of replaced?.((...cell) => this.value(...cell), FUNCTIONS) ?? []) this.rules[n] = rule;
    const note = (...cell) => {
      this.noted.set(cell.join(), cell);
      return this.value(...cell);
    };
    const pick = (count, at, index) => range(count, at)[index] ?? NaN; // reads all that it may need
    this.traces = byhandRules[longer](note, { ...FUNCTIONS, pick });
    this.forms = byhandForms[longer]((...cell) => this.value(...cell), {
      ...FUNCTIONS,
      f: (form, ...holes) => ({ form: data.forms[form], holes }), // of cells and of numbers
      c: (...cell) => cell,
      n: Number,
    });
  }

  /** The numbers of a table, row by row; computed if they are not known. */
  table(n) {
    const last = this.values[n] ? -1 : Math.max(-1, ...this.tables[n].reads);
    for (let m = 0; m <= last; m++) this.values[m] ??= this.computed(m);
    this.values[n] ??= this.computed(n);
    return this.values[n];
  }

  computed(n) {
    const { rows, columns } = this.tables[n];
    const rule = this.rules[n];
    const made = this.given[n]?.slice() ?? new Float64Array(rows * columns).fill(NaN);
    if (rule) for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < columns; j++, at++) made[at] = rule(i, j);
    for (const [m, i, j, x] of this.changes.values()) if (m === n) made[i * columns + j] = x;
    return made;
  }

  value(n, i, j) {
    return this.table(n)[i * this.tables[n].columns + j];
  }

  has([n, i, j]) {
    return i >= 0 && j >= 0 && i < this.tables[n]?.rows && j < this.tables[n].columns;
  }

  /** All cells of a table. */
  cells(n) {
    const { columns } = this.tables[n];
    return Array.from(this.table(n), (_, at) => [n, Math.floor(at / columns), at % columns]);
  }

  /** Put a number into a cell; a computed cell keeps it too, whatever it reads. null: as it was. */
  set(n, i, j, x) {
    const key = [n, i, j].join();
    if (x === null || x === this.given[n]?.[i * this.tables[n].columns + j]) this.changes.delete(key);
    else this.changes.set(key, [n, i, j, x]);
    const stale = new Set([n]);
    this.tables.forEach(({ reads }, m) => reads.some((read) => stale.has(read)) && stale.add(m));
    for (const m of stale) this.values[m] = null;
  }

  /** Have these changes and no others. */
  take(changes) {
    for (const [n, i, j] of this.changes.values()) this.set(n, i, j, null);
    for (const change of changes) this.set(...change);
  }

  /** The cells that a cell's rule reads, each once. */
  inputs(n, i, j) {
    this.noted = new Map();
    this.traces[n]?.(i, j);
    return [...this.noted.values()];
  }

  /** The cells whose rules read a cell. */
  users(...cell) {
    const reads = (reader) => this.inputs(...reader).some((input) => input.join() === cell.join());
    const all = this.tables.map((table, n) => (table.name && table.reads.includes(cell[0]) ? this.cells(n) : []));
    return all.flat().filter(reads);
  }

  /** The word of a row or column, from a vocabulary or from the ids of a text; null if it has none. */
  word(labels, index) {
    if (labels === null) return null;
    if (typeof labels === "number") return this.spelled(labels, index + 1);
    const id = this.value(labels[0], index, 0);
    return id < 0 ? "_" : (data.vocabularies[labels[1]].words[id] ?? "?");
  }

  /** The word or piece with a number from 1: a piece of a merge is its two pieces, joined. */
  spelled(vocabulary, number) {
    const { words, merges, inside } = data.vocabularies[vocabulary];
    if (!(number >= 1)) return "";
    if (number <= words.length) return words[number - 1];
    const sides = merges?.[number - words.length - 1] ?? [];
    const [left = "?", right = ""] = sides.map((n) => this.spelled(vocabulary, this.value(n, 0, 0)));
    return left + (right.startsWith(inside) ? right.slice(inside.length) : right);
  }

  /** A cell as a link has it: scores[2,1]. */
  link([n, i, j]) {
    return `${encodeURIComponent(this.tables[n].name)}[${i + 1},${j + 1}]`;
  }

  /** The cell of such a text, whose name is decoded; undefined if there is none. */
  linked(text) {
    const [, name, row, column] = /^(.*)\[(\d+),(\d+)\]$/s.exec(text) ?? [];
    const cell = [this.names.get(name), row - 1, column - 1];
    return this.has(cell) ? cell : undefined;
  }
}
