// The panel about one cell: what it is, its formula, what it reads, who uses it, and a field to change it.

const MOST_LISTED = 24;

class Inspector {
  constructor(app, element) {
    Object.assign(this, { app, element });
    element.append(el("p.nothing", say("nothing")));
  }

  /** Show a cell; `kept` says that it stays when the pointer leaves it. What a student works out is not shown. */
  show(cell, kept) {
    const { app } = this;
    const { lesson } = app;
    const record = lesson.tables[cell[0]];
    const formulas = new Formulas(app.view);
    const secret = app.practice?.hidden.has(cell[0]);
    const lines = formulas.lines(cell, secret);
    const was = app.before(cell);
    refill(
      this.element,
      el("p.where", el("b", record.name), ` · ${formulas.place(cell)}`),
      el(
        "p.big",
        formulas.name(cell),
        " ",
        !secret && el("output.value", shown(lesson.value(...cell))),
        was !== undefined && el("small", ` ${say("was", { x: shown(was) })}`),
      ),
      el("p.about", record.about, app.practice ? null : this.step(record)),
      lines.length > 0 && this.formula(lines),
      app.practice ? null : this.more(cell, kept, record, formulas),
    );
    this.element.classList.toggle("kept", kept);
  }

  /** Add a sentence, in place of one that was added before. */
  add(sentence) {
    this.element.querySelector(".verdict")?.remove();
    this.element.append(el("p.verdict", sentence));
  }

  step(record) {
    if (record.step === undefined) return null;
    const [title, equation, source] = this.app.data.steps[record.step];
    return el("span.of", ` ${[title, equation].filter(Boolean).join(": ")}`, source && el("cite", ` ${source}`));
  }

  formula(lines) {
    const rows = lines.map(({ sign, math, kind }) =>
      el(`div.line.${kind}`, el("span.sign", sign), el("div.side", math)),
    );
    return el("div.formula", { tabindex: "0", role: "group", "aria-label": say("numbers") }, rows);
  }

  more(cell, kept, record, formulas) {
    const { lesson, asking } = this.app;
    const given = lesson.isGiven(cell[0]);
    const code = record.code && el("p.code", el("code", { title: say("code") }, record.code));
    if (!kept) return [code, given && el("p.hint", say(record.role === "tokens" ? "is_word" : "is_given"))];
    const inputs = lesson.inputs(...cell);
    const users = asking ? lesson.users(...cell) : [];
    const ask = button(".ask", () => this.app.askUsers(), say("users"));
    return [
      code,
      inputs.length > 0 && [el("h3", say("reads")), this.list(inputs, cell[0], formulas)],
      set(ask, { id: "ask", "aria-pressed": String(asking) }),
      asking && (users.length ? this.list(users, cell[0], formulas) : el("p", say("no_users"))),
      record.role === "tokens" && given ? this.wordEditor(cell, record) : this.editor(cell, given),
    ].flat();
  }

  list(cells, reader, formulas) {
    const { app } = this;
    const items = cells.slice(0, MOST_LISTED).map((cell) => {
      const text = ` ${shown(app.lesson.value(...cell))}`;
      const go = button("", () => app.choose(cell), formulas.name(cell, reader), text);
      return el("li", set(go, { title: `${app.lesson.tables[cell[0]].name}, ${formulas.place(cell)}` }));
    });
    const left = cells.length - items.length;
    return el("ul.cells", items, left > 0 && el("li", say("and_more", { n: left })));
  }

  editor(cell, given) {
    const { app } = this;
    const { lesson, other } = app;
    const field = el("input", { type: "text", inputmode: "decimal", id: "new-number", autocomplete: "off" });
    set(field, { value: String(lesson.value(...cell)).replace("e+", "e") });
    const wrong = el("p.wrong", { role: "alert" });
    const onsubmit = (event) => {
      event.preventDefault();
      const x = numberIn(field.value);
      if (x === null) wrong.textContent = say("no_number", { text: field.value });
      else app.change([[...cell, x]]);
    };
    const label = el("label", { for: "new-number" }, say(given ? "change" : "hold"));
    const held = lesson.isPatched(...cell);
    const follow = held && button("", () => app.change([[...cell, null]]), say("release"));
    const take = (key, cells) =>
      button("", () => app.change(cells.map((each) => [...each, other.lesson.value(...each)])), say(key));
    return [
      el("form.change", { onsubmit }, label, field, el("button", { type: "submit" }, say("set")), wrong),
      ...(held ? [el("p.hint", say("is_patched")), follow] : []),
      ...(other ? [take("take_cell", [cell]), take("take_table", lesson.cells(cell[0]))] : []),
    ];
  }

  wordEditor([n, i], record) {
    const vocabulary = record.labels[0]?.[1];
    if (vocabulary === undefined) return null;
    return el("p.change", wordPicker(this.app, "new-word", say("change"), { ids: n, vocabulary }, i));
  }
}

/** The number in a text, with a comma or a point; null if it is none. */
function numberIn(text) {
  const plain = text.trim().replace(MINUS, "-").replace(",", ".");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) && Math.abs(Number(plain)) <= 1e30 ? Number(plain) : null;
}
