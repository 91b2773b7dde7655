// The start of the page: the words to change, what the model expects, and the next word.

const LONG_VOCABULARY = 300;
const MOST_BARS = 24;

/** A field for one word of a text: a list to choose from, or for a large vocabulary a field that completes. */
function wordPicker(app, ids, row, vocabulary, optional, label) {
  const { words } = app.data.vocabularies[vocabulary];
  const now = app.lesson.value(ids, row, 0);
  const change = (id) => app.change([[ids, row, 0, id]]);
  if (words.length > LONG_VOCABULARY) {
    const list = el("datalist", { id: `words-${ids}-${row}-${Math.random().toString(36).slice(2)}` });
    const fill = (text) =>
      list.replaceChildren(
        ...words
          .filter((word) => word.startsWith(text))
          .slice(0, 50)
          .map((word) => el("option", { value: word })),
      );
    const input = el("input", {
      type: "text",
      class: "word",
      "aria-label": label,
      list: list.id,
      value: words[now] ?? "_",
    });
    input.addEventListener("input", () => fill(input.value));
    input.addEventListener("change", () => {
      const id = words.indexOf(input.value);
      if (id >= 0) change(id);
      else input.value = words[now] ?? "_";
    });
    return el("span", {}, input, list);
  }
  const select = el("select", { class: "word", "aria-label": label });
  if (optional) select.append(el("option", { value: "-1" }, "_"));
  words.forEach((word, id) => select.append(el("option", { value: String(id) }, word)));
  select.value = String(now);
  select.addEventListener("change", () => change(Number(select.value)));
  return select;
}

/** The card at the top of the page. */
class Start {
  constructor(app, element) {
    Object.assign(this, { app, element });
    this.at = app.data.start.prediction?.at ?? 0;
    this.drawing = false;
    this.temperature = 1;
  }

  draw() {
    const { start } = this.app.data;
    const parts = [];
    if (start.prompts.length) parts.push(this.prompts(start.prompts));
    if (start.prediction) parts.push(this.prediction(start.prediction));
    if (start.written.length) parts.push(this.writes(start.written));
    if (start.losses.length) parts.push(this.losses(start.losses));
    if (start.settings.length) parts.push(this.settings(start.settings));
    this.element.replaceChildren(...parts);
    this.element.hidden = parts.length === 0;
  }

  prompts(prompts) {
    const groups = prompts.map(({ heading, ids, vocabulary, optional }) => {
      const pickers = [];
      for (let row = 0; row < this.app.lesson.tables[ids].rows; row++)
        pickers.push(
          wordPicker(this.app, ids, row, vocabulary, optional === 1, `${heading}, ${say("word_n", { n: row + 1 })}`),
        );
      return el("fieldset", {}, el("legend", {}, heading), el("div", { class: "words" }, ...pickers));
    });
    return el("div", { class: "prompts" }, ...groups);
  }

  /** The words that the lesson itself writes. */
  writes(written) {
    const words = written.map(([n, row]) => {
      const word = this.app.view.word(this.app.lesson.tables[n].labels[0], row) ?? "";
      return el("button", { type: "button", class: "word", onclick: () => this.app.choose([n, row, 0]) }, word);
    });
    return el("div", { class: "writes" }, el("h2", {}, say("writes")), el("div", { class: "words" }, ...words));
  }

  /** The probabilities at a position as bars, and the next word. */
  prediction({ table, vocabulary }) {
    const { app } = this;
    const { words } = app.data.vocabularies[vocabulary];
    const { rows, columns, labels } = app.lesson.tables[table];
    this.at = Math.min(this.at, rows - 1);
    const numbers = Array.from({ length: columns }, (_, id) => [app.lesson.value(table, this.at, id), id]);
    const best = numbers.reduce((a, b) => (b[0] > a[0] ? b : a))[1];
    const largest = [...numbers].sort((a, b) => b[0] - a[0]);
    const listed = columns > MOST_BARS ? largest.slice(0, MOST_BARS) : numbers;
    const before = app.other && app.other.lesson.tables[table].rows === rows ? app.other.lesson : null;
    const bars = listed.map(([p, id]) => {
      const bar = el("span", { class: "bar" }, el("i", {}));
      bar.firstChild.style.setProperty("--share", Number.isFinite(p) ? p : 0);
      if (before) {
        bar.append(el("i", { class: "was" }));
        bar.lastChild.style.setProperty("--share", before.value(table, this.at, id));
      }
      const button = el(
        "button",
        { type: "button", class: id === best ? "best" : "", onclick: () => app.choose([table, this.at, id]) },
        el("span", { class: "name" }, words[id]),
        bar,
        el("span", { class: "p" }, inCell(p, 3)),
      );
      return el("li", {}, button);
    });
    const heading = app.data.start.prompts.length ? say("expects") : say("answer");
    const place = rows > 1 ? this.position(rows, labels[0]) : "";
    return el(
      "div",
      { class: "prediction" },
      el("h2", {}, heading, " ", place),
      el("ul", { class: "bars" }, ...bars),
      this.next(table),
    );
  }

  position(rows, labels) {
    const select = el("select", { "aria-label": say("at_position") });
    for (let row = 0; row < rows; row++) {
      const word = this.app.view.word(labels, row);
      select.append(el("option", { value: String(row) }, `${row + 1}${word === null ? "" : ` ${word}`}`));
    }
    select.value = String(this.at);
    select.addEventListener("change", () => {
      this.at = Number(select.value);
      this.draw();
    });
    return el("label", { class: "position" }, `${say("at_position")} `, select);
  }

  next(table) {
    const { app } = this;
    if (!app.canWrite) return "";
    const drawn = el("input", { type: "checkbox", id: "drawn" });
    drawn.checked = this.drawing;
    drawn.addEventListener("change", () => (this.drawing = drawn.checked));
    const temperature = el("input", {
      type: "number",
      id: "temperature",
      min: "0.1",
      max: "10",
      step: "0.1",
      value: String(this.temperature),
    });
    temperature.addEventListener(
      "change",
      () => (this.temperature = Math.min(10, Math.max(0.1, Number(temperature.value) || 1))),
    );
    const room = app.hasRoom;
    const button = el(
      "button",
      { type: "button", class: "main", id: "write", disabled: !room, onclick: () => this.write(table) },
      say("write"),
    );
    const back = el("button", { type: "button", id: "unwrite", onclick: () => app.unwrite() }, say("unwrite"));
    return el(
      "div",
      { class: "next" },
      button,
      app.written.length ? back : "",
      el("label", { for: "drawn" }, drawn, ` ${say("drawn")}`),
      el("label", { for: "temperature" }, `${say("temperature")} `, temperature),
      el("p", { class: "said", role: "status" }, room ? (this.said ?? "") : say("no_room")),
    );
  }

  /** Write the next word: the most probable, or one that is drawn with these probabilities. */
  write(table) {
    const { app } = this;
    const { columns, rows } = app.lesson.tables[table];
    const logs = Array.from({ length: columns }, (_, id) => Math.log(app.lesson.value(table, rows - 1, id)));
    let chosen = logs.indexOf(Math.max(...logs));
    this.said = "";
    if (this.drawing) {
      const powers = logs.map((log) => Math.exp((log - logs[chosen]) / this.temperature));
      const total = powers.reduce((a, b) => a + b, 0);
      const u = Math.floor(app.random() * 1000) / 1000;
      let left = u * total;
      const order = powers.map((p, id) => [p, id]).sort((a, b) => b[0] - a[0]);
      chosen = (order.find(([p]) => (left -= p) < 0) ?? order[0])[1];
      this.said = say("drew", { u, word: app.data.vocabularies[app.data.start.prediction.vocabulary].words[chosen] });
    }
    app.write(chosen);
  }

  losses(losses) {
    const numbers = losses.map((n) => this.app.lesson.value(n, 0, 0));
    const largest = Math.max(...numbers.map(Math.abs), 1e-30);
    const items = losses.map((n, k) => {
      const bar = el("span", { class: "bar" }, el("i", {}));
      bar.firstChild.style.setProperty("--share", Math.abs(numbers[k]) / largest);
      const name = losses.length > 1 ? say("loss_step", { n: k + 1 }) : "loss";
      return el(
        "li",
        {},
        el(
          "button",
          { type: "button", onclick: () => this.app.choose([n, 0, 0]) },
          el("span", { class: "name" }, name),
          bar,
          el("span", { class: "p" }, inCell(numbers[k], 4)),
        ),
      );
    });
    return el("div", { class: "losses" }, el("h2", {}, say("loss")), el("ul", { class: "bars" }, ...items));
  }

  settings(settings) {
    const fields = settings.map(([n, name, meaning]) => {
      const input = el("input", {
        type: "number",
        step: "any",
        id: `setting-${n}`,
        value: String(this.app.lesson.value(n, 0, 0)),
      });
      input.addEventListener("change", () => {
        const x = numberIn(input.value);
        if (x !== null) this.app.change([[n, 0, 0, x]]);
      });
      return el(
        "p",
        {},
        el("label", { for: `setting-${n}` }, name),
        " ",
        input,
        meaning ? el("small", {}, ` ${meaning}`) : "",
      );
    });
    return el("div", { class: "settings" }, el("h2", {}, say("constants")), ...fields);
  }
}
