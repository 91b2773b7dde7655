// What misconceptions and rounding make of a sheet of answers, as diagnosis.py in byhand/grading explains it.

/** The number of misconceptions to each of which others are added. */
const BEAM = 6;
/** The cost of rounding to the places that are asked, and of rounding to fewer, in answers that it explains. */
const [FINE, COARSE] = [0.3, 0.7];

/** Whether an answer to a question is as expected: within a margin, or rounded to the places that are asked. */
function isNear({ letters, places, margin }, x, expected, room) {
  if (x === null || expected === null || letters) return x !== null && x === expected;
  const isRounded = !room && Math.abs(x - Number(x.toFixed(places))) < 1e-9;
  return Math.abs(x - expected) <= (room ?? (isRounded ? Math.max(margin, 0.5 * 10 ** -places + 1e-9) : margin));
}

/** The answers that are numbers rounded to fewer places than are asked, of which at least one must show it. */
function coarseOf({ letters, places }, typed, expected, left) {
  const isTo = (k, isSure) => (n) => {
    const rounded = Number(expected[n]?.toFixed(k));
    const isFlat = k > 0 && rounded === Number(expected[n]?.toFixed(k - 1));
    return (
      Math.abs(typed[n] - rounded) < 1e-9 && (isSure ? !isFlat && Math.abs(rounded) >= (k ? 10 ** -k : 10) : k > 0)
    );
  };
  const some = (isSure) => left.filter((n) => range(places).some((k) => isTo(k, isSure)(n)));
  return !letters && some(true).length ? [...new Set([...some(true), ...some(false)])] : [];
}

/** The rules of the lesson that read computed tables, or one of them, rounded to so many places. */
function rounding(places, only) {
  return (read, functions) => {
    const isRead = (n) => !page.lesson.given[n] && (only === undefined || n === only);
    const rounded = (n, i, j) => (isRead(n) ? Number(read(n, i, j).toFixed(places)) : read(n, i, j));
    return [...byhandRules[0](rounded, functions).entries()].filter(([, rule]) => rule);
  };
}

const lessons = new Map();

/** A lesson with other rules, made once. */
function lessonBy(key, replaced) {
  if (!lessons.has(key)) lessons.set(key, new Lesson(0, replaced));
  return lessons.get(key);
}

/** The explanations of a sheet that no chance explains as well, the cheapest first. answers: by question. */
function explanations(about, answers) {
  const explain = (ideas) => new Explanation(about, answers, ideas);
  const none = explain([]);
  const single = none.open ? about.ideas.map((_, n) => explain([n])) : [];
  const isLeft = ![none, ...single].some(({ open, isSound }) => isSound && !open);
  const likely = single.filter(({ matches }) => isLeft && matches[0]).sort((a, b) => a.cost - b.cost);
  const added = likely.slice(0, BEAM).flatMap(({ ideas: [n] }) => about.ideas.map((_, m) => [n, m]));
  const pairs = added.filter(([n, m]) => n !== m).map((pair) => String(pair.sort((a, b) => a - b)));
  const two = new Set(isLeft ? [...Object.keys(about.pairs), ...pairs] : []);
  const all = [none, ...single, ...[...two].map((pair) => explain(pair.split(",").map(Number)))];
  return all.filter(({ isSound }) => isSound).sort((a, b) => a.cost - b.cost);
}

/**
 * What no misconception, one, or two alone and together make of a sheet. kinds: of each answer "right", "follows",
 * "mistake", "rounded", "coarse" or "open". by: the ideas behind it. matches, against: answers for and against.
 */
class Explanation {
  kinds = [];
  by = [];
  exact = [];
  written = [];
  open = 0;

  constructor(about, answers, ideas) {
    const both = about.pairs[ideas.join()];
    Object.assign(this, { about, answers, ideas, matches: ideas.map(() => 0), against: ideas.map(() => 0) });
    this.versions = [...ideas.map((n) => [n, [n]]), ...(both === undefined ? [] : [[both, ideas]])];
    this.right = lessonBy("right");
    this.wrong = this.versions.map(([n]) => lessonBy(n, byhandIdeas[n]));
    const [misconception, contradiction] = about.costs;
    this.cost = ideas.length * misconception;
    about.questions.forEach((question, q) => this.explain(question, q));
    this.cost += this.against.reduce((a, b) => a + b, 0) * contradiction;
    this.isSound = ideas.every((_, m) => Math.max(this.against[m], this.open - 1) <= this.matches[m]);
  }

  /** What a lesson gives for a question, from the student's own numbers in other tables. */
  numbers(lesson, { table, cells }, own) {
    const n = lesson.names.get(table);
    lesson.take(own.filter(([m]) => m !== n));
    lesson.values.fill(null); // a wrong rule may read more than the right one
    return cells.map(([i, j]) => lesson.value(n, i, j));
  }

  /** The student's own numbers of the tables before: exact as far as they are known, as written, and between. */
  get ways() {
    const rounded = (more) => this.exact.map(([n, i, j, x, places]) => [n, i, j, Number(x.toFixed(places + more))]);
    return [this.exact, this.written, rounded(1), rounded(2)];
  }

  explain(question, q) {
    const { answers, cells, fixed, mistakes, margin, places, table } = question;
    const typed = this.answers[q];
    const all = range(answers.length);
    const find = (rows) => all.map((k) => rows.find((row) => isNear(question, typed[k], row[k])));
    const follow = fixed ? [answers] : this.ways.map((own) => this.numbers(this.right, question, own));
    const [isRight, from] = [find([answers]), find(follow)];
    const isOpen = (k) => typed[k] !== null && !isRight[k] && !from[k];
    const fits = this.versions.map(([version, of], v) => {
      const made = (own) => this.numbers(this.wrong[v], question, own);
      const rows = fixed ? [mistakes[version]] : [...this.ways, []].map(made);
      const hits = find(rows);
      const differs = (k) => !isNear(question, rows[0][k], follow[0][k], 2 * margin);
      const against = all.filter((k) => (isRight[k] || from[k]) && !hits[k] && differs(k)).length;
      const matches = all.filter((k) => isOpen(k) && hits[k]).length;
      const rest = all.filter((k) => isOpen(k) && !hits[k]).length;
      return { of, hits, against, matches, holds: matches > 0 && matches >= 2 * (against + rest) };
    });
    const [chosen] = fits.filter(({ holds }) => holds).sort((a, b) => b.matches - a.matches);
    this.ideas.forEach((idea, m) => {
      const fit = chosen?.of.includes(idea) ? chosen : fits[m];
      this.against[m] += fit.against;
      this.matches[m] += fit === chosen ? fit.matches : 0;
    });
    const left = all.filter((k) => isOpen(k) && !chosen?.hits[k]);
    const [kind, hits] = this.roundingOf(question, left, typed, follow[0]);
    const behind = fits.filter(({ of }) => of.every((m) => chosen?.of.includes(m)));
    this.by[q] = all.map((k) => behind.find((fit) => fit.hits[k])?.of);
    this.kinds[q] = all.map((k) => {
      if (typed[k] === null) return null;
      const found = { right: isRight[k], follows: from[k], mistake: chosen?.hits[k], [kind]: hits[k] };
      const [name = "open", row = typed] = Object.entries(found).find(([, made]) => made) ?? [];
      const place = [page.lesson.names.get(table), ...(cells[k] ?? [])];
      if (!fixed) this.exact.push([...place, row[k], places]);
      if (!fixed) this.written.push([...place, typed[k]]);
      if (name === "open") this.open += 1;
      else this.cost -= 1;
      return name;
    });
  }

  /** How rounding explains what is left of a question: of the answers, or on the way; and for each the numbers. */
  roundingOf(question, left, typed, expected) {
    if (!left.length || question.fixed) return ["rounded", []];
    const coarse = coarseOf(question, typed, expected, left);
    const made = (some, row) => typed.map((_, k) => (some.includes(k) ? row : undefined));
    this.cost += coarse.length && FINE;
    if (coarse.length) return ["coarse", made(coarse, expected)];
    const { places, table } = question;
    const { names, given } = page.lesson;
    const tables = range(this.ideas.length ? 0 : names.get(table)).filter((n) => !given[n]);
    const every = range(places + 3).map((k) => [places + 2 - k]);
    for (const [k, only] of [...every, ...range(places + 1).flatMap((k) => tables.map((n) => [places - k, n]))]) {
      const rounded = lessonBy(`${k} ${only}`, rounding(k, only));
      const row = this.numbers(rounded, question, k > places ? this.exact : this.written);
      const some = left.filter((n) => isNear(question, typed[n], row[n]));
      if (3 * some.length < 2 * left.length) continue;
      this.cost += k >= places ? FINE : COARSE;
      return ["rounded", made(some, row)];
    }
    return ["rounded", []];
  }
}
