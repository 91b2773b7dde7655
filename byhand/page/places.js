// Where one is: the part in the middle of the screen. The map goes to a table; a presenter shows one part alone.

/** Mark a part as the one where one is, and draw it. */
function goTo(part) {
  const { parts } = page.view;
  page.view.draw(parts.indexOf(part));
  for (const element of parts) element.classList.toggle("here", element === part);
  for (const box of document.querySelectorAll(".box")) box.ariaCurrent = parts[box.dataset.part] === part;
}

addEventListener("scroll", goToMiddle, { passive: true });
function goToMiddle() {
  const isAbove = ({ top, bottom }) => top < innerHeight / 2 && bottom > 0;
  const part = page.view.parts.findLast((element) => isAbove(element.getBoundingClientRect()));
  if (part) goTo(part);
}

/** Go to the table of a box of the map. */
function goToBox({ part, block }) {
  goTo(page.view.parts[part]);
  const [cell] = page.view.of(Number(part))[block].cells;
  cell.scrollIntoView({ block: "center", inline: "nearest" });
  cell.focus({ preventScroll: true });
}

/** While one presents, show the next part or the one before. */
function turn(by) {
  const { parts } = page.view;
  const here = parts.findIndex(({ classList }) => classList.contains("here"));
  goTo(parts[here + by] ?? parts[here]);
  scrollTo(0, 0);
}
