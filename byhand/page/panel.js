// The panel about a cell: what it is, its formula, and what else may be said of it or done with it.

/** What follows in the panel after the formula: functions of the cell and whether it is kept, to elements. */
const inPanel = [];

/** Show a cell; `isKept` says that it stays when the pointer leaves it. What a student works out is not shown. */
function showInPanel(cell, isKept) {
  const { lesson, before, practice } = page;
  const { name, about, step } = lesson.tables[cell[0]];
  const isSecret = practice?.hidden.has(cell[0]);
  const value = lesson.value(...cell);
  const was = before?.value(...cell) ?? value;
  const [title, equation, source] = practice ? [] : (data.steps[step] ?? []);
  const lines = formulaLines(cell, isSecret);
  refill(
    byId("cell"),
    el("p.where", el("b", name), ` · ${placeText(cell)}`),
    el(
      "p.big",
      nameOf(cell),
      !isSecret && el("output.value", shown(value)),
      was !== value && el("small", ` ${say("was", { x: shown(was) })}`),
    ),
    el("p.about", about, el("span.of", ` ${[title, equation].filter(Boolean).join(": ")} `, el("cite", source))),
    lines.length && el("div.formula", { tabindex: 0, role: "group", "aria-label": say("numbers") }, lines),
    inPanel.flatMap((more) => more(cell, isKept)),
  );
  byId("cell").classList.toggle("kept", isKept);
}
