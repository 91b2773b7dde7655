// What is said of typed answers: the likeliest explanation, where it is more than a guess, as evidence.py weighs it.

/** Of so many answers to a table one may be a slip of the pen, unless all wrong ones are the same. */
const FEW = 3;
/** A table of so many answers or more that are all the same is no work. */
const ALIKE = 4;

/** The verdicts on a student's answers. about: see `ExercisePage` in practice_page.py. typed: by question and place. */
class Verdicts {
  earned = [];

  constructor(about, typed) {
    Object.assign(this, about);
    this.answers = about.questions.map(({ answers }, q) => answers.map((_, k) => typed.get(`${q},${k}`) ?? null));
    this.all = explanations(about, this.answers);
    [this.best] = this.all;
    this.said = about.questions.map((_, q) => this.verdicts(q));
  }

  /** The verdict on an answer: whether it is right, and a sentence; undefined for none. */
  of(answer) {
    const [q, k] = answer.split(",");
    return this.said[q][k];
  }

  verdicts(q) {
    const kinds = this.best.kinds[q];
    const source = this.source(q);
    const open = { isOpen: true, sentence: say("not_right") };
    const idle = this.idle(q);
    const typed = kinds.filter(Boolean);
    const isMost = 2 * typed.filter((kind) => kind !== "open").length > typed.length;
    const made = {
      right: () => ({ isRight: true, sentence: say("right") }),
      follows: () => this.following(source),
      mistake: (k) => (this.isBelieved(q, k) ? { sentence: this.sentence(q, k) } : open),
      rounded: () =>
        this.isSeveral(this.answers[q].filter((_, k) => kinds[k] === "rounded")) ? { sentence: say("rounded") } : open,
      coarse: (k) => (isMost && !this.isCommon(this.answers[q][k]) ? { sentence: this.questions[q].coarse } : open),
      open: () => open,
    };
    const verdicts = kinds.map((kind, k) => made[kind]?.(k));
    if (!this.questions[q].fixed) for (const [k, sentence] of this.slips(q, verdicts)) verdicts[k] = { sentence };
    const isOne = new Set(this.best.by[q].filter((_, k) => kinds[k] === "mistake").map(String)).size === 1;
    this.earned[q] = verdicts.map((verdict) => verdict && !idle && !verdict.isOpen);
    if (!idle) return verdicts;
    return verdicts.map((verdict, k) => (kinds[k] === "mistake" && isOne ? verdict : { sentence: idle }));
  }

  /** Why the answers to a question are no work: one number in every cell, or the copy of a table that is given. */
  idle(q) {
    const { answers, cells, fixed } = this.questions[q];
    const typed = this.answers[q].map((x, k) => [x, k]).filter(([x]) => x !== null);
    if (fixed || typed.length < ALIKE || !this.best.kinds[q].some((kind) => kind && kind !== "right")) return "";
    if (new Set(typed.map(([x]) => x)).size === 1 && new Set(answers).size > 1) return say("one_number");
    const { tables, given } = page.lesson;
    const isCopy = (values, n) => {
      const { rows, columns } = tables[n];
      const at = ([i, j]) => values?.[(i % rows) * columns + (j % columns)];
      return values && typed.every(([x, k]) => isNear(this.questions[q], x, at(cells[k])));
    };
    return given.some(isCopy) ? say("copied") : "";
  }

  /** The sentence of a mistake, and that of another explanation that explains as much. */
  sentence(q, k) {
    const { open, ideas } = this.best;
    const others = this.all.filter((other) => other.open === open && other.ideas.length <= ideas.length);
    const said = ({ kinds, by }) => kinds[q][k] === "mistake" && by[q][k].map((n) => this.ideas[n]).join(" ");
    const isRounded = others.some(({ kinds }) => kinds[q][k] === "rounded");
    const [sentence, other] = new Set([...others.map(said), isRounded && say("rounded")].filter(Boolean));
    return other ? say("or", { sentence, other }) : sentence;
  }

  /** The verdict on what follows from an earlier table, which is no source if it is not worked out. */
  following(source) {
    if (source === undefined) return { isRight: true, sentence: say("right") };
    const earned = this.earned[source].filter((flag) => flag !== undefined);
    const count = earned.filter(Boolean).length;
    const isWork = 2 * count > earned.length || (earned.length < ALIKE && 2 * count === earned.length);
    const isVaried = earned.length < 2 || new Set(this.answers[source]).size > 1;
    return isWork && isVaried ? { sentence: say("follows") } : { isOpen: true, sentence: say("idle") };
  }

  /** Whether the numbers that are made by the ideas behind an answer are more than a guess. */
  isBelieved(q, k) {
    const { by, kinds } = this.best;
    const ideas = by[q][k];
    const made = (of) =>
      this.answers.flatMap((row, n) => row.filter((_, m) => kinds[n][m] === "mistake" && of(by[n][m])));
    const different = new Set(made((of) => ideas.every((idea) => of.includes(idea))).filter((x) => !this.isEasy(x)));
    const telling = [...different].filter((x) => this.isTelling(x)).length;
    if (ideas.length > 1 ? different.size > 2 || telling > 1 : this.isSeveral([...different])) return true;
    const others = kinds.flat().filter((kind) => kind && kind !== "mistake");
    const wrong = new Set(made(() => true));
    const isAll = !kinds.flat().includes("open") && kinds.flat().filter(Boolean).length > 2 && wrong.size > 1;
    return isAll || 2 * others.filter((kind) => kind !== "open").length > others.length;
  }

  /** Whether several different numbers agree, or one that is seldom met by chance. */
  isSeveral(numbers) {
    const different = new Set(numbers.filter((x) => !this.isEasy(x)));
    return different.size > 1 || [...different].some((x) => this.isTelling(x));
  }

  /** The last question before, of whose table this one is made, that has a wrong answer. */
  source(q) {
    const isWrong = (n) => this.best.kinds[n].some((kind) => kind && kind !== "right");
    return range(q).findLast((n) => this.questions[n].table !== this.questions[q].table && isWrong(n));
  }

  /** The slips among the open answers to a question: pairs of a place and a sentence. */
  slips(q, verdicts) {
    const { answers } = this.questions[q];
    const found = new Map();
    const isOpen = (k) => verdicts[k]?.isOpen && !found.has(k);
    const open = () => range(answers.length).filter(isOpen);
    const ofKind = (kind) => [...found.keys()].filter((k) => found.get(k).kind === kind);
    const find = (wanted) => {
      for (const k of open()) {
        const leadsTo = ([, kind, room, made]) =>
          kind === wanted && made.some((number) => isNear(this.questions[q], this.answers[q][k], number, room));
        const [sentence] = this.questions[q].slips[k]?.find(leadsTo) ?? [];
        if (sentence) found.set(k, { sentence, kind: wanted });
      }
    };
    const left = open().length;
    find("percent");
    if (3 * ofKind("percent").length < 2 * left) ofKind("percent").forEach((k) => found.delete(k));
    find("cut");
    const swapped = this.exchanged(q, open());
    for (const k of swapped) found.set(k, { sentence: this.swapped, kind: "swapped" });
    const wrong = open();
    find("pen");
    const pen = ofKind("pen");
    const answered = verdicts.filter(Boolean).length;
    const areFew = pen.length <= Math.max(1, Math.floor(answered / FEW)) && wrong.length - pen.length <= answered / 2;
    const sentences = new Set(pen.map((k) => found.get(k).sentence));
    const areAlike =
      pen.length === wrong.length && (pen.length ? pen.length > 1 && sentences.size === 1 : found.size > 1);
    if (!areFew && !areAlike) pen.forEach((k) => found.delete(k));
    const slipped = [...ofKind("pen"), ...ofKind("cut")];
    const isSlipSeen = this.isSeen(q, slipped, verdicts, areAlike || answers.length === 1);
    const isSeen = {
      percent: (k) => this.isTelling(this.answers[q][k]) || this.source(q) === undefined,
      swapped: () => this.isSeen(q, swapped, verdicts, answers.length === 2),
      pen: () => isSlipSeen,
      cut: () => isSlipSeen,
    };
    return [...found].filter(([k, { kind }]) => isSeen[kind](k)).map(([k, { sentence }]) => [k, sentence]);
  }

  /** The places of two open answers that stand in each other's cells. */
  exchanged(q, open) {
    const { answers } = this.questions[q];
    const isAt = (one, other) => isNear(this.questions[q], this.answers[q][one], answers[other]);
    for (const one of open) {
      const other = open.find((k) => k > one && isAt(one, k) && isAt(k, one));
      if (other !== undefined) return [one, other];
    }
    return [];
  }

  /**
   * Whether slips are more than a guess: twice as many other answers of the table are right or explained, or not typed
   * yet; or standing alone, as the only slip of the table, if their numbers are seldom met by chance.
   */
  isSeen(q, slipped, verdicts, isAlone) {
    const rest = verdicts.filter((_, k) => !slipped.includes(k));
    const earned = rest.filter((verdict) => !verdict?.isOpen).length;
    if (earned >= 2 * slipped.length && earned >= rest.length / 2) return true;
    const xs = slipped.map((k) => this.answers[q][k]);
    return isAlone && (new Set(xs.filter((x) => !this.isEasy(x))).size > 1 || xs.some((x) => this.isTelling(x)));
  }

  /** Whether a number is one that everybody tries. */
  isEasy(x) {
    return this.guesses.includes(Math.abs(x));
  }

  /** Whether a number stands in one table after the other. */
  isCommon(x) {
    const { questions } = this;
    const tables = questions.filter(({ answers }, q) => answers.some((_, k) => this.answers[q][k] === x)).length;
    return tables > Math.max(1, questions.length / FEW);
  }

  /** Whether a number has two significant digits or more, and is seldom met by chance. */
  isTelling(x) {
    const digits = Math.abs(x).toFixed(9).replace(".", "");
    const isLong = digits.replace(/^0+|0+$/g, "").length > 1;
    return isLong && !this.isEasy(x) && !this.isCommon(x);
  }
}
