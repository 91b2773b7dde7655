// What is said of typed answers, by the rules of `byhand check`: diagnosis.py and evidence.py in byhand/grading.

/** Of so many answers to a table one may be a slip of the pen, unless all wrong ones are the same. */
const FEW = 3;

/** The verdicts on a student's answers. about: see `ExercisePage` in practice_page.py. typed: by question and place. */
class Verdicts {
  constructor(about, typed) {
    Object.assign(this, { about, typed });
  }

  answer(q, k) {
    return this.typed.get(`${q},${k}`) ?? null;
  }

  near(q, one, other, room = this.about.questions[q].margin) {
    if (one === null || other === null) return false;
    return this.about.questions[q].letters ? one === other : Math.abs(one - other) <= room;
  }

  isRight(q, k) {
    const { answers, letters, places } = this.about.questions[q];
    const x = this.answer(q, k);
    const rounded = letters || answers[k] === null ? null : Number(answers[k].toFixed(places));
    return this.near(q, x, answers[k]) || this.near(q, x, rounded, 1e-9);
  }

  /** The lesson with the numbers that were typed into the tables of other questions. */
  ownLesson(table) {
    const own = new Lesson(0);
    for (const [key, x] of this.typed) {
      const [q, k] = key.split(",");
      const other = this.about.questions[q];
      const isFree = x !== null && !other.beside && other.table !== table;
      if (isFree) own.set(own.names.get(other.table), ...other.cells[k], x);
    }
    return own;
  }

  /** Whether no answer to another question is wrong. */
  isElsewhereRight(q) {
    const isFine = (other, k) => this.answer(other, k) === null || this.isRight(other, k);
    return this.about.questions.every(
      ({ answers }, other) => other === q || range(answers.length).every((k) => isFine(other, k)),
    );
  }

  /** Whether more answers of the whole sheet are made by a misconception than it costs to believe in it. */
  isBelieved(sentence, ideas) {
    const [misconception, contradiction] = this.about.costs;
    let fitting = 0;
    let against = 0;
    this.about.questions.forEach(({ mistakes, answers }, q) => {
      const [, , wrong] = mistakes.find(([other]) => other === sentence) ?? [];
      const telling = (k) => !this.near(q, answers[k], wrong[k]);
      for (const k of wrong ? range(answers.length).filter(telling) : []) {
        if (this.near(q, this.answer(q, k), wrong[k])) fitting += 1;
        else if (this.isRight(q, k)) against += 1;
      }
    });
    return fitting >= ideas && fitting > ideas * misconception + against * contradiction;
  }

  mistake(q, k) {
    const isMade = ([sentence, ideas, wrong]) =>
      this.near(q, this.answer(q, k), wrong[k]) && this.isBelieved(sentence, ideas);
    return this.about.questions[q].mistakes.find(isMade)?.[0];
  }

  /** The verdicts on all answers to a question, null for none: right, as follows, a known mistake, a slip, or wrong. */
  of(q) {
    const { answers, beside, table, cells } = this.about.questions[q];
    const own = this.ownLesson(table);
    const n = own.names.get(table);
    const follows = (k) => !beside && this.near(q, this.answer(q, k), own.value(n, ...cells[k]));
    const isElsewhereRight = this.isElsewhereRight(q);
    const verdicts = range(answers.length).map((k) => {
      if (this.answer(q, k) === null) return null;
      if (this.isRight(q, k)) return { isRight: true, sentence: say("right") };
      if (follows(k)) return { isRight: isElsewhereRight, sentence: say(isElsewhereRight ? "right" : "follows") };
      const sentence = this.mistake(q, k);
      return sentence ? { sentence } : { isOpen: true, sentence: say("not_right") };
    });
    if (!beside) for (const [k, sentence] of this.slips(q, verdicts)) verdicts[k] = { sentence };
    return verdicts;
  }

  /** The slips among the open answers to a question: pairs of a place and a sentence. */
  slips(q, verdicts) {
    const { answers } = this.about.questions[q];
    const found = new Map();
    const isOpen = (k) => verdicts[k]?.isOpen && !found.has(k);
    const open = () => range(answers.length).filter(isOpen);
    const ofKind = (kind) => [...found.keys()].filter((k) => found.get(k).kind === kind);
    const find = (wanted) => {
      for (const k of open()) {
        const leadsTo = ([, kind, room, made]) =>
          kind === wanted && made.some((number) => this.near(q, this.answer(q, k), number, room));
        const [sentence] = this.about.questions[q].slips[k]?.find(leadsTo) ?? [];
        if (sentence) found.set(k, { sentence, kind: wanted });
      }
    };
    find("coarse");
    const left = open().length;
    find("percent");
    if (3 * ofKind("percent").length < 2 * left) ofKind("percent").forEach((k) => found.delete(k));
    find("cut");
    const swapped = this.swapped(q, open());
    for (const k of swapped) found.set(k, { sentence: this.about.swapped, kind: "swapped" });
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
      coarse: (k) => !this.isCommon(this.answer(q, k)),
      percent: (k) => this.isTelling(this.answer(q, k)) || this.isElsewhereRight(q),
      swapped: () => this.isSeen(q, swapped, verdicts, answers.length === 2),
      pen: () => isSlipSeen,
      cut: () => isSlipSeen,
    };
    return [...found].filter(([k, { kind }]) => isSeen[kind](k)).map(([k, { sentence }]) => [k, sentence]);
  }

  /** The places of two open answers that stand in each other's cells. */
  swapped(q, open) {
    const { answers } = this.about.questions[q];
    const isAt = (one, other) => this.near(q, this.answer(q, one), answers[other]);
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
    const xs = slipped.map((k) => this.answer(q, k));
    return isAlone && (new Set(xs.filter((x) => !this.isEasy(x))).size > 1 || xs.some((x) => this.isTelling(x)));
  }

  /** Whether a number is one that everybody tries. */
  isEasy(x) {
    return this.about.guesses.includes(Math.abs(x));
  }

  /** Whether a number stands in one table after the other. */
  isCommon(x) {
    const { questions } = this.about;
    const tables = questions.filter(({ answers }, q) => answers.some((_, k) => this.answer(q, k) === x)).length;
    return tables > Math.max(1, questions.length / FEW);
  }

  /** Whether a number has two significant digits or more, and is seldom met by chance. */
  isTelling(x) {
    const digits = Math.abs(x).toFixed(9).replace(".", "");
    const isLong = digits.replace(/^0+|0+$/g, "").length > 1;
    return isLong && !this.isEasy(x) && !this.isCommon(x);
  }
}
