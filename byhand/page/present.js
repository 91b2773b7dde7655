// The presenter's mode: one part at a time with large numbers; and the choice of light or dark.

class Presenter {
  constructor(app) {
    Object.assign(this, { app, on: false, at: 0 });
  }

  toggle() {
    this.on = !this.on;
    document.body.classList.toggle("presenting", this.on);
    set(byId("present"), { "aria-pressed": String(this.on) });
    const { parts } = this.app.view;
    const here = parts.find((part) => part.element.getBoundingClientRect().bottom > innerHeight / 2);
    if (this.on) return this.goTo(here ?? parts[0]);
    for (const part of parts) part.element.hidden = false;
    return parts[this.at].element.scrollIntoView();
  }

  /** Show a part alone, while one presents. */
  goTo(part) {
    this.at = part.number;
    if (!this.on) return;
    for (const other of this.app.view.parts) other.element.hidden = other !== part;
    part.draw();
    this.app.map.mark();
  }

  turn(by) {
    const { parts } = this.app.view;
    this.goTo(parts[Math.min(parts.length - 1, Math.max(0, this.at + by))]);
    scrollTo(0, 0);
  }
}

/** Change from light to dark or back; the page begins with what the reader's system says. */
function toggleLook() {
  const { dataset } = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  dataset.look = (dataset.look ?? system) === "dark" ? "light" : "dark";
}
