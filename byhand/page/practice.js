// An exercise: the numbers that a student works out are fields to type in; for practice the page checks them.

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
    const about = { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": label };
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
    const question = this.about.questions[q];
    const x = numberIn(input.value);
    this.typed.set(`${q},${k}`, x);
    this.app.view.update();
    if (!this.about.checked) return;
    const key = `${q},${k}`;
    const said = document.getElementById(`said-${q}`);
    input.classList.remove("is-right", "is-wrong");
    input.removeAttribute("aria-invalid");
    if (!input.value.trim()) {
      this.verdicts.delete(key);
      said.textContent = "";
    } else {
      const [right, sentence] =
        x === null ? [false, say("no_number", { text: input.value })] : this.verdict(question, k, x);
      this.verdicts.set(key, right);
      input.classList.add(right ? "is-right" : "is-wrong");
      if (!right) input.setAttribute("aria-invalid", "true");
      input.title = sentence;
      said.textContent = sentence;
      this.app.inspector.add(sentence);
    }
    const count = this.about.questions.reduce((sum, each) => sum + (each.beside || each.cells.length), 0);
    const rights = [...this.verdicts.values()].filter(Boolean).length;
    this.score.textContent = say("done", { right: rights, count });
  }

  /** Whether a number is right, and the sentence on it: right, follows from own numbers, a known mistake, or not yet. */
  verdict(question, k, x) {
    const near = (answer, margin = question.margin) => answer !== null && Math.abs(x - answer) <= margin;
    const right = question.answers[k];
    const rounded = right !== null && Math.abs(x - Number(right.toFixed(question.places))) <= 1e-9;
    if (near(right) || rounded) return [true, say("right")];
    if (!question.beside && near(this.expected(question, k))) return [false, say("follows")];
    const known = question.mistakes.find(([, answers]) => near(answers[k]));
    return [false, known ? known[0] : say("not_right")];
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
