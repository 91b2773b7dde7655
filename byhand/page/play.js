// Step by step through the computation: one table a step with one sentence, its cells one after the other.

const SPEEDS = { slow: 6000, normal: 3000, fast: 1000 };
const MOST_SWEPT = 12;

class Player {
  constructor(app, element) {
    Object.assign(this, { app, element, at: -1, timers: [], playing: false });
    this.button = byId("play-play");
    const actions = {
      step_back: () => this.step(-1),
      play: () => this.toggle(),
      step: () => this.step(1),
      stop: () => this.stop(),
    };
    for (const [id, action] of Object.entries(actions)) byId(`play-${id}`).addEventListener("click", action);
  }

  /** The computed tables in the order of the parts, as a reader meets them. */
  get order() {
    const blocks = this.app.view.parts.flatMap((part) => part.blocks);
    return blocks.filter((block) => block.home && block.record.name && !this.app.lesson.isGiven(block.table));
  }

  toggle() {
    this.playing = !this.playing;
    const [sign, key] = this.playing ? ["❚❚", "pause"] : ["▶", "play"];
    this.button.textContent = sign;
    set(this.button, { "aria-label": say(key), title: say(key) });
    if (this.playing) this.step(1);
    else this.timers.forEach(clearTimeout);
  }

  stop() {
    if (this.playing) this.toggle();
    this.timers.forEach(clearTimeout);
    this.at = -1;
    this.element.hidden = true;
    this.app.follow(null, false);
  }

  step(by) {
    this.element.hidden = false;
    this.timers.forEach(clearTimeout);
    const { order } = this;
    const block = order[this.at + by];
    if (!block) {
      if (this.playing) this.toggle();
      return;
    }
    this.at += by;
    byId("play-count").textContent = say("step_of", { n: this.at + 1, count: order.length });
    set(byId("play-bar"), { max: order.length, value: this.at + 1 });
    const { record, caption } = block;
    const step = record.step === undefined ? "" : `${this.app.data.steps[record.step][0]}: `;
    byId("play-sentence").textContent = `${`${step}${caption.name} ${caption.rule}`.trim()} — ${record.about}`;
    this.sweep(block.table);
  }

  /** Light some cells of a table one after the other, with what each is made of. */
  sweep(table) {
    const { app } = this;
    const all = app.lesson.cells(table);
    const count = Math.min(all.length, MOST_SWEPT);
    const cells = Array.from(
      { length: count },
      (_, k) => all[Math.round((k * (all.length - 1)) / Math.max(1, count - 1))],
    );
    const time = SPEEDS[byId("play-speed").value];
    app.asking = false;
    app.follow(cells[0], true);
    app.reveal(cells[0]);
    const later = (cell, k) => setTimeout(() => app.follow(cell, true), (time * (k + 1)) / count);
    this.timers = smooth() === "auto" ? [] : cells.slice(1).map(later);
    if (this.playing) this.timers.push(setTimeout(() => this.step(1), time));
  }
}
