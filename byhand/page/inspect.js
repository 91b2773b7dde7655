// The panel about one cell: what it is, its formula, what it reads, who uses it, and a field to change it.

class Inspector {
  constructor(app, element) {
    Object.assign(this, { app, element });
    this.cell = null;
    this.element.append(el("p", { class: "nothing" }, say("nothing")));
  }

  /** Show a cell; `kept` says that it stays when the pointer leaves it. */
  show(cell, kept) {
    const { view } = this.app;
    this.cell = cell;
    const [n] = cell;
    const record = view.lesson.tables[n];
    const formulas = new Formulas(view);
    const step = record.step === undefined ? null : view.data.steps[record.step];
    const math = mathOf("");
    math.append(formulas.name(cell));
    const value = el("output", { class: "value" }, shown(view.lesson.value(...cell)));
    const was = this.app.before?.(cell);
    const parts = [
      el("p", { class: "where" }, el("b", {}, record.name), ` · ${formulas.place(cell)}`),
      el(
        "p",
        { class: "big" },
        math,
        " ",
        value,
        was === undefined ? "" : el("small", {}, ` ${say("was", { x: shown(was) })}`),
      ),
      el("p", { class: "about" }, `${opened(record.about)}.`, step ? this.stepText(step) : ""),
    ];
    const lines = formulas.lines(cell);
    if (lines.length) parts.push(this.formula(lines));
    if (record.code) parts.push(el("p", { class: "code" }, el("code", { title: say("code") }, record.code)));
    if (kept) parts.push(...this.more(cell, record, formulas));
    else if (view.lesson.isGiven(n))
      parts.push(el("p", { class: "hint" }, say(record.role === "tokens" ? "is_word" : "is_given")));
    const focused = this.element.contains(document.activeElement) ? document.activeElement.id || "cell" : null;
    this.element.replaceChildren(...parts);
    if (focused) (document.getElementById(focused) ?? this.element).focus({ preventScroll: true });
    this.element.classList.toggle("kept", kept);
  }

  /** Show what a cell of an exercise is: of one that the student works out, the formula in letters alone. */
  describe(cell, hidden) {
    const { view } = this.app;
    const formulas = new Formulas(view);
    const { name, about } = view.lesson.tables[cell[0]];
    const secret = hidden.has(cell[0]);
    const math = mathOf("");
    math.append(formulas.name(cell));
    const value = secret ? "" : el("output", { class: "value" }, shown(view.lesson.value(...cell)));
    const lines = secret ? formulas.lettersOf(cell) : [];
    this.element.replaceChildren(
      el("p", { class: "where" }, el("b", {}, name), ` · ${formulas.place(cell)}`),
      el("p", { class: "big" }, math, " ", value),
      el("p", { class: "about" }, `${opened(about)}.`),
      ...(lines.length ? [this.formula(lines)] : []),
    );
  }

  /** Add a sentence, in place of one that was added before. */
  add(sentence) {
    this.element.querySelector(".verdict")?.remove();
    this.element.append(el("p", { class: "verdict" }, sentence));
  }

  stepText([title, equation, source]) {
    return el(
      "span",
      { class: "of" },
      ` ${[title, equation].filter(Boolean).join(": ")}`,
      source ? el("cite", {}, ` ${source}`) : "",
    );
  }

  formula(lines) {
    const rows = lines.map(({ sign, math, kind }) =>
      el("div", { class: `line ${kind}` }, el("span", { class: "sign" }, sign), el("div", { class: "side" }, math)),
    );
    return el("div", { class: "formula", tabindex: "0", role: "group", "aria-label": say("numbers") }, ...rows);
  }

  more(cell, record, formulas) {
    const { view } = this.app;
    const inputs = view.lesson.inputs(...cell);
    const parts = [];
    if (inputs.length) parts.push(el("h3", {}, say("reads")), this.list(inputs, cell[0], formulas));
    const users = el("div", { class: "users" });
    const button = el(
      "button",
      { type: "button", class: "ask", "aria-pressed": String(this.app.asking), onclick: () => this.app.askUsers() },
      say("users"),
    );
    parts.push(button, users);
    if (this.app.asking) {
      const found = view.lesson.users(...cell);
      users.append(found.length ? this.list(found, cell[0], formulas) : el("p", {}, say("no_users")));
    }
    parts.push(...this.editor(cell, record));
    return parts;
  }

  list(cells, reader, formulas) {
    const { view } = this.app;
    const shownCells = cells.slice(0, 24).map((cell) => {
      const math = mathOf("");
      math.append(formulas.name(cell, reader));
      const text = shown(view.lesson.value(...cell));
      return el(
        "li",
        {},
        el(
          "button",
          {
            type: "button",
            onclick: () => this.app.choose(cell),
            title: `${view.lesson.tables[cell[0]].name}, ${formulas.place(cell)}`,
          },
          math,
          ` ${text}`,
        ),
      );
    });
    const more = cells.length > 24 ? [el("li", {}, say("and_more", { n: cells.length - 24 }))] : [];
    return el("ul", { class: "cells" }, ...shownCells, ...more);
  }

  editor(cell, record) {
    const { app } = this;
    const { view } = app;
    const [n, i, j] = cell;
    const given = view.lesson.isGiven(n);
    if (record.role === "tokens" && given) return this.wordEditor(cell, record);
    const parts = [];
    const input = el("input", {
      type: "text",
      inputmode: "decimal",
      id: "new-number",
      autocomplete: "off",
      value: String(view.lesson.value(...cell)).replace(/e\+?(-?\d+)$/, "e$1"),
    });
    const wrong = el("p", { class: "wrong", role: "alert" });
    const form = el(
      "form",
      {
        class: "change",
        onsubmit: (event) => {
          event.preventDefault();
          const x = numberIn(input.value);
          if (x === null) wrong.textContent = say("no_number", { text: input.value });
          else app.change([[n, i, j, x]]);
        },
      },
      el("label", { for: "new-number" }, say(given ? "change" : "hold")),
      input,
      el("button", { type: "submit" }, say("set")),
      wrong,
    );
    parts.push(form);
    if (view.lesson.isPatched(n, i, j)) {
      parts.push(
        el("p", { class: "hint" }, say("is_patched")),
        el("button", { type: "button", onclick: () => app.change([[n, i, j, null]]) }, say("release")),
      );
    }
    if (app.other) parts.push(...this.patches(cell));
    return parts;
  }

  patches([n, i, j]) {
    const { app } = this;
    const { rows, columns } = app.lesson.tables[n];
    const all = [];
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) all.push([n, r, c, app.other.lesson.value(n, r, c)]);
    return [
      el(
        "button",
        { type: "button", onclick: () => app.change([[n, i, j, app.other.lesson.value(n, i, j)]]) },
        say("take_cell"),
      ),
      el("button", { type: "button", onclick: () => app.change(all) }, say("take_table")),
    ];
  }

  wordEditor([n, i], record) {
    const { app } = this;
    const vocabulary = record.labels[0]?.[1];
    if (vocabulary === undefined) return [];
    const pick = wordPicker(app, n, i, vocabulary, false, say("change"));
    return [el("p", { class: "change" }, pick)];
  }
}

/** The number in a text, with a comma or a point; null if it is none. */
function numberIn(text) {
  const plain = text.trim().replace(MINUS, "-").replace(",", ".");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) && Math.abs(Number(plain)) <= 1e30 ? Number(plain) : null;
}
