// The map: the model's steps from top to bottom, with arrows; it shows where one is, and goes there.

const LINE_IN_REM = 2.75;

class ModelMap {
  constructor(app, element) {
    Object.assign(this, { app, element });
    this.draw();
    addEventListener("scroll", () => this.mark(), { passive: true });
    addEventListener("resize", () => this.drawArrows());
  }

  draw() {
    const { boxes } = this.app.data.map;
    this.buttons = boxes.map(([title, look, line, lane, lanes, part, block, heading]) => {
      const few = lanes > 3 ? /\d+$/.exec(title)?.[0] : null;
      const text = el("span", {}, few ?? title);
      const button = el(
        "button",
        {
          type: "button",
          class: `box ${look}`,
          title: heading ? `${heading}: ${title}` : title,
          onclick: () => this.go(part, block),
        },
        ...(heading && !few ? [el("small", {}, heading)] : []),
        text,
      );
      button.style.setProperty("--line", line);
      button.style.setProperty("--lane", lane);
      button.style.setProperty("--lanes", lanes);
      return el("li", {}, button);
    });
    const lines = Math.max(0, ...boxes.map((box) => box[2])) + 1;
    const list = el("ol", { class: "boxes" }, ...this.buttons);
    list.style.height = `${lines * LINE_IN_REM}rem`;
    this.arrows = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.arrows.setAttribute("aria-hidden", "true");
    this.holder = el("div", { class: "drawing" }, this.arrows, list);
    this.element.replaceChildren(this.holder);
    this.drawArrows();
    this.mark();
  }

  /** An arrow from the bottom of a box to the top of another; past the boxes between them where there are some. */
  drawArrows() {
    const width = this.holder.clientWidth;
    if (!width) return;
    const { boxes, arrows } = this.app.data.map;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const line = LINE_IN_REM * rem;
    const middle = ([, , , lane, lanes]) => ((lane + 0.5) / lanes) * (width - 28) + 14;
    const svg = this.arrows;
    svg.setAttribute("viewBox", `0 0 ${width} ${this.holder.clientHeight}`);
    svg.replaceChildren();
    for (const [from, to] of arrows) {
      const [a, b] = [boxes[from], boxes[to]];
      const [x1, y1, x2, y2] = [middle(a), a[2] * line + 2.25 * rem, middle(b), b[2] * line + 0.2 * rem];
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      const side = (a[3] + 0.5) / a[4] < 0.5 ? 7 : width - 7;
      const bend = (y2 - y1) / 2;
      const steps =
        b[2] - a[2] <= 1
          ? `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`
          : `M${x1} ${y1 - 4}C${side} ${y1 + 4} ${side} ${y1 + 4} ${side} ${y1 + 20}V${y2 - 20}C${side} ${y2 - 4} ${x2} ${y2 - 10} ${x2} ${y2}`;
      path.setAttribute("d", steps);
      svg.append(path);
      const head = document.createElementNS("http://www.w3.org/2000/svg", "path");
      head.setAttribute("d", `M${x2 - 4} ${y2 - 5}L${x2} ${y2}L${x2 + 4} ${y2 - 5}`);
      head.setAttribute("class", "head");
      svg.append(head);
    }
  }

  go(part, block) {
    const { view, presenter } = this.app;
    const there = view.parts[part];
    there.draw();
    presenter?.goTo(there);
    const at = there.blocks[block];
    at.element.scrollIntoView({ block: "center", inline: "nearest", behavior: smooth() });
    at.cells[0][0].focus({ preventScroll: true });
  }

  /** Mark the boxes of the parts that are in view. */
  mark() {
    const middle = innerHeight / 2;
    const { parts } = this.app.view;
    let here = null;
    for (const part of parts) {
      if (part.element.hidden) continue;
      const { top, bottom } = part.element.getBoundingClientRect();
      if (top < middle && bottom > 0) here = part.number;
      if (bottom > middle) break;
    }
    this.app.data.map.boxes.forEach((box, n) => {
      const button = this.buttons[n].firstChild;
      if (box[5] === here) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
  }
}
