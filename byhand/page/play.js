// Step by step through the computation: one table a step with one sentence, its cells one after the other.

const SPEEDS = { slow: 6000, normal: 3000, fast: 1000 };
const MOST_SWEPT = 12;

class Player {
  constructor(app, element) {
    Object.assign(this, { app, element });
    this.at = -1;
    this.speed = "normal";
    this.timers = [];
    this.playing = false;
    this.sentence = el("p", { class: "sentence", role: "status" });
    this.count = el("span", { class: "count" });
    const button = (key, action, sign) =>
      el(
        "button",
        { type: "button", id: `play-${key}`, onclick: action, "aria-label": say(key), title: say(key) },
        sign,
      );
    this.toggleButton = button("play", () => this.toggle(), "▶");
    const speed = el(
      "select",
      { "aria-label": say("speed") },
      ...Object.keys(SPEEDS).map((name) => el("option", { value: name }, say(name))),
    );
    speed.value = this.speed;
    speed.addEventListener("change", () => (this.speed = speed.value));
    this.bar = el("progress", { max: "1", value: "0", "aria-hidden": "true" });
    this.element.append(
      el(
        "div",
        { class: "controls" },
        button("step_back", () => this.step(-1), "◂"),
        this.toggleButton,
        button("step", () => this.step(1), "▸"),
        speed,
        button("stop", () => this.stop(), "✕"),
      ),
      this.bar,
      this.count,
      this.sentence,
    );
  }

  /** The computed tables in the order of the parts, as a reader meets them. */
  get order() {
    const blocks = this.app.view.parts.flatMap((part) => part.blocks);
    return blocks.filter((block) => block.home && block.record.name && !this.app.lesson.isGiven(block.table));
  }

  get isShown() {
    return !this.element.hidden;
  }

  toggle() {
    this.element.hidden = false;
    this.playing = !this.playing;
    this.toggleButton.textContent = this.playing ? "❚❚" : "▶";
    const key = this.playing ? "pause" : "play";
    this.toggleButton.setAttribute("aria-label", say(key));
    this.toggleButton.title = say(key);
    if (!this.playing) this.clear();
    else this.step(1);
  }

  stop() {
    this.clear();
    if (this.playing) this.toggle();
    this.at = -1;
    this.element.hidden = true;
    this.app.kept = false;
    this.app.view.unlight();
  }

  clear() {
    this.timers.forEach(clearTimeout);
    this.timers = [];
  }

  step(by) {
    this.element.hidden = false;
    this.clear();
    const { order } = this;
    const next = this.at + by;
    if (next < 0 || next >= order.length) {
      if (this.playing) this.toggle();
      return;
    }
    this.at = next;
    const block = order[next];
    this.count.textContent = say("step_of", { n: next + 1, count: order.length });
    this.bar.max = order.length;
    this.bar.value = next + 1;
    const { record, caption } = block;
    const step = record.step === undefined ? "" : `${this.app.data.steps[record.step][0]}: `;
    this.sentence.textContent = `${`${step}${caption.name} ${caption.rule}`.trim()} — ${record.about}.`;
    this.sweep(block);
  }

  /** Light some cells of a table one after the other, with what each is made of. */
  sweep(block) {
    const { app } = this;
    const { rows, columns } = block.record;
    const all = rows * columns;
    const count = Math.min(all, MOST_SWEPT);
    const cells = Array.from({ length: count }, (_, k) => {
      const at = count > 1 ? Math.round((k * (all - 1)) / (count - 1)) : 0;
      return [block.table, Math.floor(at / columns), at % columns];
    });
    const still = smooth() === "auto";
    app.asking = false;
    app.follow(cells[0], true);
    app.reveal(cells[0]);
    const time = SPEEDS[this.speed];
    if (!still)
      cells.forEach((cell, k) => k && this.timers.push(setTimeout(() => app.follow(cell, true), (time * k) / count)));
    if (this.playing) this.timers.push(setTimeout(() => this.step(1), time));
  }
}
