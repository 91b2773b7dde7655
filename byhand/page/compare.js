// Comparing: the lesson as it is now stays at the left, and one goes on with the one at the right.

function compare() {
  const before = page.before ? null : new Lesson(page.longer);
  before?.take(page.lesson.changes.values());
  page.layOut(before);
  page.redraw();
}

whenChanged.push(() => set(byId("compare"), { "aria-pressed": String(Boolean(page.before)) }));
byId("compare").addEventListener("click", compare);
byId("parts").addEventListener(
  "scroll",
  ({ target }) => {
    for (const other of target.closest(".sides").querySelectorAll(".scroll"))
      other.scrollTo({ left: target.scrollLeft, top: target.scrollTop, behavior: "instant" });
  },
  { capture: true, passive: true },
);
