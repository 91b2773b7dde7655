// An exercise: the numbers that a student works out are fields to type in; for practice the page checks them.

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
  fields = new Map();
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
    const field = el("input.answer", { type: "text", inputmode, autocomplete: "off", "aria-label": label, onchange });
    this.fields.set(`${q},${k}`, field);
    return field;
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

  /** Note an answer, and if the page is for practice say what is right: all of the question is judged anew. */
  check(q, k, { value }) {
    const { questions, checked } = this.about;
    this.typed.set(`${q},${k}`, questions[q].letters ? piecesIn(value) : numberIn(value));
    page.view.update();
    if (!checked) return;
    new Verdicts(this.about, this.typed).of(q).forEach((verdict, n) => this.show(q, n, verdict));
    const { title } = this.fields.get(`${q},${k}`);
    byId(`said-${q}`).textContent = title;
    const said = byId("cell").querySelector(".verdict") ?? byId("cell").appendChild(el("p.verdict"));
    said.textContent = title;
    const right = [...this.fields.values()].filter(({ classList }) => classList.contains("is-right")).length;
    const count = questions.reduce((sum, { beside, cells }) => sum + (beside || cells.length), 0);
    this.score.textContent = say("done", { right, count });
  }

  /** Show a verdict on its field; what is no number is said to be none. */
  show(q, k, verdict) {
    const field = this.fields.get(`${q},${k}`);
    const isEmpty = !field.value.trim();
    const isRight = Boolean(verdict?.isRight);
    field.title = isEmpty ? "" : (verdict?.sentence ?? say("no_number", { text: field.value }));
    field.classList.toggle("is-right", isRight);
    field.classList.toggle("is-wrong", !isEmpty && !isRight);
    set(field, { "aria-invalid": String(!isEmpty && !isRight) });
  }
}
