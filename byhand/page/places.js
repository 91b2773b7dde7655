// Where one is: the part in the middle of the screen. The map goes to a part; a presenter shows one alone.

const boxes = document.querySelectorAll("#map-side .box");
const isHere = ({ element }) => element.classList.contains("here");

/** Mark a part as the one where one is, and draw it. */
function goTo(part) {
  part.draw();
  for (const { element } of page.view.parts) element.classList.toggle("here", element === part.element);
  for (const box of boxes) set(box, { "aria-current": String(Number(box.dataset.part) === part.number) });
}

function goToMiddle() {
  const part = page.view.parts.findLast(({ element }) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top < innerHeight / 2 && bottom > 0;
  });
  if (part) goTo(part);
}

/** Begin or end to show one part alone, in large numbers. */
function present() {
  const { parts } = page.view;
  goTo(parts.find(isHere) ?? parts[0]);
  const isOn = document.body.classList.toggle("presenting");
  set(byId("present"), { "aria-pressed": String(isOn) });
  parts.find(isHere).element.scrollIntoView({ behavior: "instant" });
}

/** Show the next part or the one before, while one presents. */
function turn(by) {
  const { parts } = page.view;
  goTo(parts[parts.findIndex(isHere) + by] ?? parts.find(isHere));
  scrollTo(0, 0);
}

addEventListener("scroll", goToMiddle, { passive: true });
byId("present").addEventListener("click", present);
byId("map-side").addEventListener("click", ({ target }) => {
  const box = target.closest(".box");
  if (!box) return;
  const part = page.view.parts[box.dataset.part];
  goTo(part);
  const [cell] = part.sides.at(-1).grids[box.dataset.block].cells[0];
  cell.scrollIntoView({ block: "center", inline: "nearest" });
  cell.focus({ preventScroll: true });
});
byId("map-side").firstElementChild.open = matchMedia("(min-width: 68rem)").matches;
