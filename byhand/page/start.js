// The start of the page: the words to change, what the model expects, and the next word.

const LONG_VOCABULARY = 300;
const MOST_BARS = 24;

/** A field for one word of a text: a list to choose from, or for a large vocabulary a field that completes. */
function wordPicker(app, id, label, { ids, vocabulary, optional }, row) {
  const { words } = app.data.vocabularies[vocabulary];
  const now = app.lesson.value(ids, row, 0);
  const about = { id, "aria-label": label };
  const change = (word) => app.change([[ids, row, 0, word]]);
  if (words.length > LONG_VOCABULARY) {
    const field = el("input.word", {
      ...about,
      type: "text",
      list: listOf(vocabulary, words),
      value: words[now] ?? "_",
    });
    return set(field, {
      onchange() {
        const word = words.indexOf(field.value);
        if (word >= 0) change(word);
        else field.value = field.defaultValue;
      },
    });
  }
  const names = words.map((word, n) => el("option", { value: n }, word));
  const select = el("select.word", about, optional ? el("option", { value: -1 }, "_") : null, names);
  select.value = String(now);
  return set(select, { onchange: () => change(Number(select.value)) });
}

/** The id of the list of a vocabulary's words, from which a browser completes. */
function listOf(vocabulary, words) {
  const id = `words-${vocabulary}`;
  if (!byId(id)) document.body.append(el("datalist", { id }, ...words.map((word) => el("option", { value: word }))));
  return id;
}

/** A line of a bar chart: a name, a bar of so much of the line, and the number; a click goes to its cell. */
function bar(app, cell, name, share, places, was, best = false) {
  const inside = [el("i", { "--share": share }), was !== undefined && el("i.was", { "--share": was })];
  const number = el("span.p", inCell(app.lesson.value(...cell), places));
  const line = button(
    best ? ".best" : "",
    () => app.choose(cell),
    el("span.name", name),
    el("span.bar", inside),
    number,
  );
  return el("li", set(line, { id: `bar-${cell.join("-")}` }));
}

/** The card at the top of the page. */
class Start {
  constructor(app) {
    Object.assign(this, { app, at: null });
    byId("write").addEventListener("click", () => this.write());
    byId("unwrite").addEventListener("click", () => app.write(app.written.slice(0, -1)));
  }

  draw() {
    const { start } = this.app.data;
    refill(
      byId("prompts"),
      start.prompts.map((prompt) => this.prompt(prompt)),
    );
    refill(byId("expects"), start.prediction ? this.prediction(start.prediction) : []);
    refill(byId("more-start"), this.written(start.written), this.losses(start.losses), this.settings(start.settings));
    byId("prediction").hidden = !start.prediction;
    byId("next").hidden = !data.longer.length;
    byId("write").disabled = this.app.more === data.longer.length;
    byId("unwrite").hidden = !this.app.more;
    if (byId("write").disabled) byId("said").textContent = say("no_room");
    byId("start").hidden = ![...byId("start").children].some((part) => part.textContent.trim() && !part.hidden);
  }

  prompt(prompt) {
    const { rows } = this.app.lesson.tables[prompt.ids];
    const pickers = Array.from({ length: rows }, (_, row) => {
      const label = `${prompt.heading}, ${say("word_n", { n: row + 1 })}`;
      return wordPicker(this.app, `word-${prompt.ids}-${row}`, label, prompt, row);
    });
    return el("fieldset", el("legend", prompt.heading), el("div.words", pickers));
  }

  /** The words that the lesson itself writes. */
  written(written) {
    const { app } = this;
    const word = ([n, row]) => app.view.word(app.lesson.tables[n].labels[0], row) ?? "";
    const words = written.map((at) => button(".word", () => app.choose([...at, 0]), word(at)));
    return words.length > 0 && el("div.writes", el("h2", say("writes")), el("div.words", words));
  }

  /** Show what the model expects after another word; null for the one that a lesson begins with. */
  look(at) {
    this.at = at;
    this.draw();
  }

  /** The row of probabilities that is shown. */
  get row() {
    const { table, at } = this.app.data.start.prediction;
    return Math.min(this.at ?? at, this.app.lesson.tables[table].rows - 1);
  }

  /** The probabilities of a row as [probability, id], the most probable first. */
  probabilities(row) {
    const { table } = this.app.data.start.prediction;
    const { columns } = this.app.lesson.tables[table];
    const all = Array.from({ length: columns }, (_, id) => [this.app.lesson.value(table, row, id), id]);
    return all.sort((a, b) => b[0] - a[0]);
  }

  /** The probabilities at a position as bars. */
  prediction({ table, vocabulary }) {
    const { app, row } = this;
    const { words } = app.data.vocabularies[vocabulary];
    const sorted = this.probabilities(row);
    const best = sorted[0][1];
    const listed = sorted.slice(0, MOST_BARS);
    if (sorted.length <= MOST_BARS) listed.sort((a, b) => a[1] - b[1]);
    const bars = listed.map(([p, id]) => {
      const cell = [table, row, id];
      return bar(app, cell, words[id], Number.isFinite(p) ? p : 0, 3, app.other?.lesson.value(...cell), id === best);
    });
    const heading = say(app.data.start.prompts.length ? "expects" : "answer");
    return [el("h2", heading, " ", this.position(app.lesson.tables[table])), el("ul.bars", bars)];
  }

  /** The choice of the position. */
  position({ rows, labels }) {
    if (rows < 2) return null;
    const text = (row) => [row + 1, this.app.view.word(labels[0], row)].filter(Boolean).join(" ");
    const options = Array.from({ length: rows }, (_, row) => el("option", { value: row }, text(row)));
    const select = el("select", { id: "position", "aria-label": say("at_position") }, options);
    select.value = String(this.row);
    set(select, { onchange: () => this.look(Number(select.value)) });
    return el("label.position", `${say("at_position")} `, select);
  }

  /** Write the word that the lesson says is next, or one that is drawn with the probabilities. */
  write() {
    const { app } = this;
    const { prediction, next } = app.data.start;
    let chosen = app.lesson.value(next, 0, 0);
    byId("said").textContent = "";
    if (byId("drawn").checked) {
      const sorted = this.probabilities(app.lesson.tables[prediction.table].rows - 1);
      const temperature = Math.min(10, Math.max(0.1, Number(byId("temperature").value) || 1));
      const powers = sorted.map(([p]) => (p / sorted[0][0]) ** (1 / temperature));
      const u = Math.floor(Math.random() * 1000) / 1000;
      let left = u * powers.reduce((a, b) => a + b, 0);
      const drawn = powers.findIndex((power) => (left -= power) < 0);
      chosen = sorted[Math.max(0, drawn)][1];
      byId("said").textContent = say("drew", { u, word: app.data.vocabularies[prediction.vocabulary].words[chosen] });
    }
    app.write([...app.written, chosen]);
  }

  losses(losses) {
    const { app } = this;
    const sizes = losses.map((n) => Math.abs(app.lesson.value(n, 0, 0)));
    const largest = Math.max(...sizes, 1e-30);
    const name = (k) => (losses.length > 1 ? say("loss_step", { n: k + 1 }) : "loss");
    const bars = losses.map((n, k) => bar(app, [n, 0, 0], name(k), sizes[k] / largest, 4));
    return bars.length > 0 && el("div.losses", el("h2", say("loss")), el("ul.bars", bars));
  }

  settings(settings) {
    const fields = settings.map(([n, name, meaning]) => {
      const id = `setting-${n}`;
      const field = el("input", { type: "number", step: "any", id, value: this.app.lesson.value(n, 0, 0) });
      set(field, {
        onchange: () => numberIn(field.value) !== null && this.app.change([[n, 0, 0, numberIn(field.value)]]),
      });
      return el("p", el("label", { for: id }, name), " ", field, meaning && el("small", ` ${meaning}`));
    });
    return fields.length > 0 && el("div.settings", el("h2", say("constants")), fields);
  }
}
