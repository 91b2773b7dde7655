// The presenter's mode: one part at a time with large numbers; and the choice of light or dark.

class Presenter {
  constructor(app) {
    this.app = app;
    this.on = false;
    this.at = 0;
  }

  toggle() {
    this.on = !this.on;
    document.body.classList.toggle("presenting", this.on);
    const { parts } = this.app.view;
    if (this.on) {
      const middle = innerHeight / 2;
      const here = parts.find((part) => part.element.getBoundingClientRect().bottom > middle);
      this.goTo(here ?? parts[0]);
    } else {
      parts.forEach((part) => (part.element.hidden = false));
      parts[this.at]?.element.scrollIntoView();
    }
  }

  goTo(part) {
    this.at = part.number;
    if (!this.on) return;
    this.app.view.parts.forEach((other) => (other.element.hidden = other !== part));
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
  const root = document.documentElement;
  const dark = root.dataset.look ? root.dataset.look === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.look = dark ? "light" : "dark";
}
