// An exercise: the numbers that a student works out are fields to type in; for practice the page checks them.

/** At most one in so many answers to a table may be a slip, unless all are the same. */
const FEW_SLIPS = 3;

/** The pieces of a word, as people write them: with blanks, bars or commas between, or as a list in quotes. */
function piecesIn(text) {
  const list = text.trim().match(/^\[\s*"(.*)"\s*\]$/);
  const parts = list ? list[1].split(/"\s*,\s*"/) : text.split(text.includes("|") ? "|" : /,?\s+/);
  return parts
    .map((piece) => piece.trim())
    .filter(Boolean)
    .join("|");
}

/** The fields of an exercise, and what has been typed. */
class Practice {
  constructor(app, about, element) {
    Object.assign(this, { app, about, element });
    this.hidden = new Set(about.hidden.map((name) => app.lesson.names.get(name)));
    this.asked = new Map();
    about.questions.forEach((question, q) =>
      question.cells.forEach(([i, j], k) =>
        this.asked.set(`${app.lesson.names.get(question.table)},${i},${j}`, [q, k]),
      ),
    );
    this.typed = new Map();
    this.verdicts = new Map();
    this.drawQuestions();
  }

  drawQuestions() {
    const { about } = this;
    const item = (question, q) => {
      const fields = Array.from({ length: question.beside }, (_, k) => this.field(q, k));
      const hint = question.hint && el("p.hint", question.hint);
      return el("li", el("p", question.text), hint, fields, el("p.said", { id: `said-${q}`, role: "status" }));
    };
    this.score = el("p.score", { role: "status" });
    this.element.append(
      el("h2", [about.checked ? say("practice") : "", about.who].filter(Boolean).join(" · ")),
      el("p", about.text),
      el("p.hint", say(about.checked ? "practice_about" : "paper_about")),
      el("ol.questions", about.questions.map(item)),
      this.score,
    );
    this.element.hidden = false;
  }

  field(q, k, label = say("your_answer")) {
    const inputmode = this.about.questions[q].letters ? "text" : "decimal";
    const about = { type: "text", inputmode, autocomplete: "off", "aria-label": label };
    const input = el("input.answer", about);
    return set(input, { onchange: () => this.check(q, k, input) });
  }

  /** Whether a block shows numbers that the student works out: it is drawn here, with fields in its own place. */
  draw(block) {
    const tables = block.record.name ? [block.table] : block.record.reads;
    if (!tables.some((n) => this.hidden.has(n))) return false;
    if (!block.home) for (const cell of block.cells.flat()) relabel(cell, this.typedIn(block.sourceOf(cell)), 0);
    else if (!block.practised) this.drawFields(block);
    block.practised = true;
    block.drawLabels();
    return true;
  }

  /** What the student has typed for a cell, where a table is shown again. */
  typedIn(cell) {
    const x = this.typed.get(this.asked.get(cell.join())?.join());
    return x === null || x === undefined ? "" : shown(x);
  }

  drawFields(block) {
    for (const cell of block.cells.flat()) {
      const [n, i, j] = block.sourceOf(cell);
      const question = this.asked.get(`${n},${i},${j}`);
      const label = `${block.caption.name} ${i + 1}, ${j + 1}`;
      const scratch = { type: "text", autocomplete: "off", "aria-label": label };
      cell.replaceChildren(question ? this.field(...question, label) : el("input.scratch", scratch));
      cell.removeAttribute("tabindex");
      cell.classList.add(question ? "asked" : "scratch");
    }
  }

  check(q, k, input) {
    const x = this.about.questions[q].letters ? piecesIn(input.value) : numberIn(input.value);
    const key = `${q},${k}`;
    this.typed.set(key, x);
    this.app.view.update();
    if (!this.about.checked) return;
    this.verdicts.delete(key);
    const empty = !input.value.trim();
    const verdict = x === null ? { sentence: say("no_number", { text: input.value }) } : this.verdict(q, k, x);
    const { right = false, sentence } = empty ? { sentence: "" } : verdict;
    if (!empty) this.verdicts.set(key, { q, ...verdict });
    input.classList.toggle("is-right", right);
    input.classList.toggle("is-wrong", !empty && !right);
    set(input, { "aria-invalid": String(!empty && !right), title: sentence });
    byId(`said-${q}`).textContent = sentence;
    this.app.inspector.add(sentence);
    const count = this.about.questions.reduce((sum, each) => sum + (each.beside || each.cells.length), 0);
    const rights = [...this.verdicts.values()].filter((each) => each.right).length;
    this.score.textContent = say("done", { right: rights, count });
  }

  /** What is said of a number: right, follows from own numbers, a known mistake, a slip, or not right yet. */
  verdict(q, k, x) {
    const question = this.about.questions[q];
    const { answers, margin, places, beside, letters } = question;
    const near = (one, other, room = margin) =>
      one !== null && other !== null && (letters ? one === other : Math.abs(one - other) <= room);
    const right = answers[k];
    if (near(x, right) || (!letters && right !== null && near(x, Number(right.toFixed(places)), 1e-9)))
      return { right: true, sentence: say("right") };
    if (!beside && near(x, this.expected(question, k))) {
      const rounded = [...this.verdicts.values()].every((each) => each.right || each.q === q);
      return { right: rounded, sentence: say(rounded ? "right" : "follows") };
    }
    const typed = answers.map((_, m) => this.typed.get(`${q},${m}`) ?? null);
    const [misconception, contradiction] = this.about.costs;
    const isSo = ([, ideas, wrong]) => {
      const telling = typed.map((y, m) => [y, answers[m], wrong[m]]).filter(([, one, other]) => !near(one, other));
      const fitting = telling.filter(([y, , other]) => near(y, other)).length;
      const against = telling.filter(([y, one]) => near(y, one)).length;
      return near(x, wrong[k]) && fitting >= ideas && fitting > ideas * misconception + against * contradiction;
    };
    const known = question.mistakes.find(isSo);
    if (known) return { sentence: known[0] };
    if (beside) return { sentence: say("not_right") };
    if (typed.some((y, m) => near(x, answers[m]) && near(y, right))) return { sentence: this.about.swapped };
    const slips = [...this.verdicts.values()].filter((each) => each.q === q && each.slip);
    const few = slips.length < Math.max(1, Math.floor(typed.filter((y) => y !== null).length / FEW_SLIPS));
    const slip = question.slips[k]?.find(
      ([sentence, always, room, numbers]) =>
        numbers.some((number) => near(x, number, room)) &&
        (always || few || slips.every((each) => each.sentence === sentence)),
    );
    return slip ? { sentence: slip[0], slip: !slip[1] } : { sentence: say("not_right") };
  }

  /** The number that follows from what the student has typed in the tables before. */
  expected(question, k) {
    const own = new Lesson(0);
    const n = own.names.get(question.table);
    for (const [key, x] of this.typed) {
      const [q, at] = key.split(",").map(Number);
      const other = this.about.questions[q];
      const m = own.names.get(other.table);
      if (x !== null && !other.beside && m !== n) own.set(m, ...other.cells[at], x);
    }
    return own.value(n, ...question.cells[k]);
  }
}
