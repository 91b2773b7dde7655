// The map of the model: it shows where one is, and goes there; on a narrow screen it begins folded.

class ModelMap {
  constructor(app, element) {
    this.app = app;
    this.boxes = [...element.querySelectorAll(".box")];
    for (const box of this.boxes) box.addEventListener("click", () => this.go(box.dataset));
    element.querySelector("details").open = matchMedia("(min-width: 68rem)").matches;
    addEventListener("scroll", () => this.mark(), { passive: true });
    this.mark();
  }

  go({ part, block }) {
    const { view, presenter } = this.app;
    const there = view.parts[part];
    there.draw();
    presenter.goTo(there);
    const at = there.blocks[block];
    at.element.scrollIntoView({ block: "center", inline: "nearest", behavior: smooth() });
    at.cells[0][0].focus({ preventScroll: true });
  }

  /** Mark the boxes of the part that is in the middle of the screen. */
  mark() {
    const middle = innerHeight / 2;
    const here = this.app.view.parts.findLast(({ element }) => {
      const { top, bottom } = element.getBoundingClientRect();
      return top < middle && bottom > 0;
    });
    for (const box of this.boxes) set(box, { "aria-current": String(Number(box.dataset.part) === here?.number) });
  }
}
