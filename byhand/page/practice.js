// An exercise: the numbers that a student works out are fields to type in; for practice the page checks them.

/** The pieces of a word, as people write them: with blanks, bars or commas between, or as a list in quotes. */
function piecesIn(text) {
  const list = text.trim().match(/^\[\s*"(.*)"\s*\]$/);
  const parts = list ? list[1].split(/"\s*,\s*"/) : text.split(text.includes("|") ? "|" : /,?\s+/);
  const pieces = parts.map((piece) => piece.trim());
  return pieces.filter(Boolean).join("|");
}

/** The fields of an exercise, and what has been typed. An answer is known by question and place: "0,3". */
class Practice {
  typed = new Map();

  /** about: see `ExercisePage` in practice_page.py, which also writes the questions into the page. */
  constructor(about) {
    const { names } = page.lesson;
    this.about = about;
    this.hidden = new Set(about.hidden.map((name) => names.get(name)));
    const asked = ({ table, cells }, q) => cells.map((cell, k) => [String([names.get(table), ...cell]), `${q},${k}`]);
    this.asked = new Map(about.questions.flatMap(asked));
  }

  /** Whether the student works out what a grid shows: where it is at home it has fields, elsewhere what is typed. */
  draw({ home, record, table, cells, name }) {
    if (!(record.name ? [table] : record.reads).some((n) => this.hidden.has(n))) return false;
    for (const element of cells) {
      const answer = this.asked.get(element.dataset.cell);
      const [, i, j] = cellOf(element);
      const typed = this.typed.get(answer) ?? "";
      if (!home) element.textContent = typeof typed === "number" ? shown(typed) : typed;
      else if (!element.firstChild) {
        const about = answer ? html`class="answer" placeholder=" " data-answer="${answer}"` : "";
        element.innerHTML = html`<input autocomplete="off" aria-label="${name} ${i + 1}, ${j + 1}" ${about}>`;
        element.removeAttribute("tabindex");
        element.classList.add(answer ? "asked" : "scratch");
      }
    }
    return true;
  }

  /** The field of an answer, whose title is what is said of it. */
  field(answer) {
    return document.querySelector(`[data-answer="${answer}"]`);
  }

  /** Read all fields, and if the page is for practice say of each answer what it is. changed: the latest. */
  check(changed) {
    const { questions, checked } = this.about;
    for (const { dataset, value } of document.querySelectorAll(".answer")) {
      const isText = questions[dataset.answer.split(",")[0]].letters;
      this.typed.set(dataset.answer, isText ? piecesIn(value) || null : numberIn(value));
    }
    page.view.update();
    if (!checked) return;
    const verdicts = new Verdicts(this.about, this.typed);
    for (const field of document.querySelectorAll(".answer")) {
      const { isRight, sentence } = verdicts.of(field.dataset.answer) ?? {
        sentence: say("no_number", { text: field.value }),
      };
      field.title = field.value.trim() ? sentence : "";
      field.setCustomValidity(isRight ? "" : field.title);
    }
    byId(`said-${changed.split(",")[0]}`).textContent = this.field(changed).title;
    page.follow(page.cell, page.isKept);
    const right = document.querySelectorAll(".answer:valid:not(:placeholder-shown)").length;
    const count = questions.reduce((sum, { answers }) => sum + answers.length, 0);
    byId("score").textContent = say("done", { right, count });
  }
}
