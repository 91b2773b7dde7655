// The numbers of a lesson: each table is computed when it is asked for, by its own rule, and again after a change.

/** erf to the last digits: its series for small x, the continued fraction of 1 - erf for large x. */
function erf(x) {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let term = size;
    let total = size;
    for (let n = 1; term > total * 1e-17; n++) {
      term *= (2 * size * size) / (2 * n + 1);
      total += term;
    }
    return (Math.sign(x) * 2 * total * Math.exp(-size * size)) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / (size + fraction));
}

/** What rules call besides the cells that they read. `pick` and `choose` read all that they may need. */
const FUNCTIONS = {
  sum(count, at) {
    let total = 0;
    for (let k = 0; k < count; k++) total += at(k);
    return total;
  },
  max(count, at) {
    let largest = at(0);
    for (let k = 1; k < count; k++) largest = Math.max(largest, at(k));
    return largest;
  },
  argmax(count, at) {
    let best = 0;
    let largest = at(0);
    for (let k = 1; k < count; k++) {
      const value = at(k);
      if (value > largest) [best, largest] = [k, value];
    }
    return best;
  },
  pick: (count, at, index) => (index >= 0 && index < count ? at(index) : NaN),
  choose: (condition, x, y) => (condition ? x : y),
  max2: Math.max,
  test: (holds) => (holds ? 1 : 0),
  erf,
};

/** The numbers in a record of a table: a list, or bytes in base 64. */
function unpacked(data) {
  if (Array.isArray(data)) return Float64Array.from(data);
  const text = atob(data.f4 ?? data.f8);
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  return data.f4 ? Float64Array.from(new Float32Array(bytes.buffer)) : new Float64Array(bytes.buffer);
}

/** A lesson that is computed: its tables by number, what reads what, and the changes to its given numbers. */
class Lesson {
  /** more: how many words the lesson has more than that of the page; its tables are like those there but for some fields. */
  constructor(more) {
    const tables = more ? data.longer[more - 1].tables : data.tables;
    this.tables = tables.map((table) => ({ ...data.tables[table.like], ...table }));
    this.names = new Map(this.tables.map((table, n) => [table.name, n]).filter(([name]) => name));
    this.given = this.tables.map((table) => (table.data ? unpacked(table.data) : null));
    const values = [...this.given];
    this.values = values;
    const widths = this.tables.map((table) => table.columns);
    const makeRules = byhandRules[more];
    this.rules = makeRules((n, i, j) => values[n][i * widths[n] + j], FUNCTIONS);
    this.tracing = null;
    const traced = (n, i, j) => {
      const known = this.table(n)[i * widths[n] + j];
      if (this.tracing) this.tracing.push([n, i, j]);
      return known;
    };
    const everyCell = (count, at, index) => {
      for (let k = 0; k < count; k++) at(k);
      const kept = this.tracing;
      this.tracing = null;
      const picked = FUNCTIONS.pick(count, at, index);
      this.tracing = kept;
      return picked;
    };
    this.traces = makeRules(traced, { ...FUNCTIONS, pick: everyCell });
    this.forms = byhandForms[more]((n, i, j) => this.value(n, i, j), {
      ...FUNCTIONS,
      f: (form, ...holes) => [form, holes],
      c: (n, i, j) => [n, i, j],
      n: (index) => [null, index],
    });
    this.readers = this.tables.map(() => []);
    this.tables.forEach((table, n) => table.reads.forEach((read) => this.readers[read].push(n)));
    this.changes = new Map();
    this.patches = new Map();
    this.version = 0;
  }

  isGiven(n) {
    return this.given[n] !== null;
  }

  /** The numbers of a table, row by row; computed if they are not known. */
  table(n) {
    if (!this.values[n]) this.compute(n);
    return this.values[n];
  }

  compute(wanted) {
    const needed = new Set();
    const todo = [wanted];
    while (todo.length) {
      const n = todo.pop();
      if (this.values[n] || needed.has(n)) continue;
      needed.add(n);
      todo.push(...this.tables[n].reads);
    }
    const order = [...needed].sort((a, b) => a - b);
    for (const n of order) this.values[n] = this.made(n);
  }

  made(n) {
    const { rows, columns } = this.tables[n];
    const rule = this.rules[n];
    const made = new Float64Array(rows * columns);
    if (!rule) return made.fill(NaN); // an exam's page knows nothing of it
    for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < columns; j++, at++) made[at] = rule(i, j);
    for (const [at, value] of this.patches.get(n) ?? []) made[at] = value;
    return made;
  }

  value(n, i, j) {
    return this.table(n)[i * this.tables[n].columns + j];
  }

  /** Every table that depends on this one, and itself. */
  following(n) {
    const found = new Set([n]);
    for (const table of found) for (const reader of this.readers[table]) found.add(reader);
    return found;
  }

  /** Put a number into a cell; a computed cell keeps it too, whatever it reads, until it is null. */
  set(n, i, j, value) {
    const at = i * this.tables[n].columns + j;
    const key = `${n},${i},${j}`;
    if (value === null) {
      this.patches.get(n)?.delete(at);
    } else if (this.isGiven(n)) {
      this.values[n] = Float64Array.from(this.values[n]);
      this.values[n][at] = value;
    } else {
      if (!this.patches.has(n)) this.patches.set(n, new Map());
      this.patches.get(n).set(at, value);
    }
    if (value === null || this.given[n]?.[at] === value) this.changes.delete(key);
    else this.changes.set(key, [n, i, j, value]);
    this.version += 1;
    for (const table of this.following(n)) if (!this.isGiven(table)) this.values[table] = null;
  }

  isPatched(n, i, j) {
    return this.patches.get(n)?.has(i * this.tables[n].columns + j) ?? false;
  }

  /** Have these changes, [table, row, column, number], and no others. */
  take(changes) {
    for (const [n, i, j] of this.changes.values())
      this.set(n, i, j, this.given[n]?.[i * this.tables[n].columns + j] ?? null);
    for (const change of changes) this.set(...change);
  }

  has([n, i, j]) {
    return i < this.tables[n]?.rows && j < this.tables[n].columns;
  }

  /** The cells that a cell's rule reads, each once: [table, row, column]. */
  inputs(n, i, j) {
    if (!this.traces[n]) return [];
    this.tracing = [];
    try {
      this.traces[n](i, j);
    } catch {
      // what a rule reads before it fails on its numbers counts
    }
    const found = new Map(this.tracing.map((cell) => [cell.join(), cell]));
    this.tracing = null;
    return [...found.values()];
  }

  /** The cells whose rules read a cell. */
  users(n, i, j) {
    const reads = (cell) => this.inputs(...cell).some(([m, a, b]) => m === n && a === i && b === j);
    const readers = this.readers[n].filter((reader) => this.tables[reader].name);
    return readers.flatMap((reader) => this.cells(reader).filter(reads));
  }

  /** All cells of a table: [table, row, column]. */
  cells(n) {
    const { columns } = this.tables[n];
    return Array.from(this.table(n), (_, at) => [n, Math.floor(at / columns), at % columns]);
  }
}
