// Step by step through the computation: one table a step with one sentence, its cells one after the other.

const MOST_SWEPT = 12;

const player = {
  at: -1,
  timers: [],
  isPlaying: false,

  toggle() {
    this.isPlaying = !this.isPlaying;
    const label = say(this.isPlaying ? "pause" : "play");
    Object.assign(byId("play-play"), { textContent: this.isPlaying ? "❚❚" : "▶", ariaLabel: label, title: label });
    if (this.isPlaying) this.step(1);
    else this.timers.forEach(clearTimeout);
  },

  stop() {
    if (this.isPlaying) this.toggle();
    this.timers.forEach(clearTimeout);
    this.at = -1;
    byId("player").hidden = true;
    page.follow(null, false);
  },

  /** Go on or back by so many among the computed tables, in the order of the parts, as a reader meets them. */
  step(by) {
    byId("player").hidden = false;
    this.timers.forEach(clearTimeout);
    const { lesson, view } = page;
    const isStep = ({ home, table, lesson: of }) =>
      home && of === lesson && lesson.tables[table].name && !lesson.given[table];
    const steps = view.grids.filter(isStep);
    const grid = steps[this.at + Number(by)];
    if (!grid) return this.isPlaying && this.toggle();
    this.at += Number(by);
    const { name, rule, record, table } = grid;
    const [title] = data.steps[record.step] ?? [];
    byId("play-count").textContent = say("step_of", { n: this.at + 1, count: steps.length });
    Object.assign(byId("play-bar"), { max: steps.length, value: this.at + 1 });
    byId("play-sentence").textContent = `${title ? `${title}: ` : ""}${name} ${rule} — ${record.about}`;
    this.sweep(lesson.cells(table));
  },

  /** Light some cells of a table one after the other, with what each is made of. */
  sweep(all) {
    const every = Math.max(1, all.length / MOST_SWEPT);
    const cells = all.filter((_, k) => k % every < 1);
    const time = Number(byId("play-speed").value);
    page.follow(cells[0], true);
    page.reveal(cells[0]);
    const later = (cell, k) => setTimeout(() => page.follow(cell, true), (time * (k + 1)) / cells.length);
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.timers = isStill ? [] : cells.slice(1).map(later);
    if (this.isPlaying) this.timers.push(setTimeout(() => this.step(1), time));
  },
};
