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

/** The fields of an exercise, and what has been typed. An answer is known by its question and its place there: "0,3". */
class Practice {
  typed = new Map();
  verdicts = new Map();
  score = el("p.score", { role: "status" });

  /** about: see `ExercisePage` in practice_page.py. */
  constructor(about) {
    const { names } = page.lesson;
    this.about = about;
    this.hidden = new Set(about.hidden.map((name) => names.get(name)));
    this.asked = new Map();
    about.questions.forEach(({ table, cells }, q) =>
      cells.forEach((cell, k) => this.asked.set([names.get(table), ...cell].join(), [q, k])),
    );
    const questions = about.questions.map(({ text, hint, beside }, q) => {
      const fields = numbers(beside).map((k) => this.field(q, k));
      return el(
        "li",
        el("p", text),
        hint && el("p.hint", hint),
        fields,
        el("p.said", { id: `said-${q}`, role: "status" }),
      );
    });
    byId("exercise").append(
      el("h2", [about.checked && say("practice"), about.who].filter(Boolean).join(" · ")),
      el("p", about.text),
      el("p.hint", say(about.checked ? "practice_about" : "paper_about")),
      el("ol.questions", questions),
      this.score,
    );
  }

  field(q, k, label = say("your_answer")) {
    const inputmode = this.about.questions[q].letters ? "text" : "decimal";
    const onchange = ({ target }) => this.check(q, k, target);
    return el("input.answer", { type: "text", inputmode, autocomplete: "off", "aria-label": label, onchange });
  }

  /** Whether a grid shows numbers that the student works out: it has fields where it is at home, else what is typed. */
  draw(grid) {
    const { home, record, table } = grid;
    const isHidden = (record.name ? [table] : record.reads).some((n) => this.hidden.has(n));
    if (isHidden && (!home || !grid.hasFields))
      for (const element of grid.cells.flat()) {
        const cell = cellShownAt(element);
        if (home) this.drawField(element, cell, grid.name);
        else element.textContent = this.typedIn(cell);
      }
    grid.hasFields = isHidden && home;
    return isHidden;
  }

  drawField(element, cell, name) {
    const question = this.asked.get(cell.join());
    const label = `${name} ${cell[1] + 1}, ${cell[2] + 1}`;
    const scratch = () => el("input", { type: "text", autocomplete: "off", "aria-label": label });
    element.replaceChildren(question ? this.field(...question, label) : scratch());
    element.removeAttribute("tabindex");
    element.classList.add(question ? "asked" : "scratch");
  }

  /** What the student has typed for a cell, where a table is shown again. */
  typedIn(cell) {
    const x = this.typed.get(this.asked.get(cell.join())?.join()) ?? "";
    return typeof x === "number" ? shown(x) : x;
  }

  check(q, k, field) {
    const { questions, checked } = this.about;
    const x = questions[q].letters ? piecesIn(field.value) : numberIn(field.value);
    const isEmpty = !field.value.trim();
    this.typed.set(`${q},${k}`, x);
    this.verdicts.delete(`${q},${k}`);
    page.view.update();
    if (!checked) return;
    const noNumber = { sentence: say("no_number", { text: field.value }) };
    const verdict = isEmpty ? { sentence: "" } : x === null ? noNumber : this.verdict(q, k, x);
    if (!isEmpty) this.verdicts.set(`${q},${k}`, { q, ...verdict });
    const { sentence, isRight = false } = verdict;
    field.classList.toggle("is-right", isRight);
    field.classList.toggle("is-wrong", !isEmpty && !isRight);
    set(field, { "aria-invalid": String(!isEmpty && !isRight), title: sentence });
    byId(`said-${q}`).textContent = sentence;
    const said = byId("cell").querySelector(".verdict") ?? byId("cell").appendChild(el("p.verdict"));
    said.textContent = sentence;
    const count = questions.reduce((sum, { beside, cells }) => sum + (beside || cells.length), 0);
    const right = [...this.verdicts.values()].filter((each) => each.isRight).length;
    this.score.textContent = say("done", { right, count });
  }

  /** What is said of an answer: right, follows from own numbers, a known mistake, a slip, or not right yet. */
  verdict(q, k, x) {
    const question = this.about.questions[q];
    const { answers, margin, places, beside, letters } = question;
    const near = (one, other, room = margin) =>
      one !== null && other !== null && (letters ? one === other : Math.abs(one - other) <= room);
    const right = answers[k];
    if (near(x, right) || (!letters && right !== null && near(x, Number(right.toFixed(places)), 1e-9)))
      return { isRight: true, sentence: say("right") };
    if (!beside && near(x, this.expected(question, k))) {
      const isRight = [...this.verdicts.values()].every((each) => each.isRight || each.q === q);
      return { isRight, sentence: say(isRight ? "right" : "follows") };
    }
    const typed = answers.map((_, m) => this.typed.get(`${q},${m}`) ?? null);
    const [misconception, contradiction] = this.about.costs;
    const isMade = ([, ideas, wrong]) => {
      const telling = typed.map((y, m) => [y, answers[m], wrong[m]]).filter(([, one, other]) => !near(one, other));
      const fitting = telling.filter(([y, , other]) => near(y, other)).length;
      const against = telling.filter(([y, one]) => near(y, one)).length;
      return near(x, wrong[k]) && fitting >= ideas && fitting > ideas * misconception + against * contradiction;
    };
    const known = question.mistakes.find(isMade);
    if (known) return { sentence: known[0] };
    if (beside) return { sentence: say("not_right") };
    if (typed.some((y, m) => near(x, answers[m]) && near(y, right))) return { sentence: this.about.swapped };
    const slips = [...this.verdicts.values()].filter((each) => each.q === q && each.isSlip);
    const few = slips.length < Math.max(1, Math.floor(typed.filter((y) => y !== null).length / FEW_SLIPS));
    const slip = question.slips[k]?.find(
      ([sentence, always, room, numbers]) =>
        numbers.some((number) => near(x, number, room)) &&
        (always || few || slips.every((each) => each.sentence === sentence)),
    );
    return slip ? { sentence: slip[0], isSlip: !slip[1] } : { sentence: say("not_right") };
  }

  /** The number that follows from what the student has typed in the tables before. */
  expected(question, k) {
    const own = new Lesson(0);
    const n = own.names.get(question.table);
    for (const [key, x] of this.typed) {
      const [q, at] = key.split(",").map(Number);
      const { table, beside, cells } = this.about.questions[q];
      if (x !== null && !beside && table !== question.table) own.set(own.names.get(table), ...cells[at], x);
    }
    return own.value(n, ...question.cells[k]);
  }
}
