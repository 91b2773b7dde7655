// Following a cell: what it reads, who uses it, and a field to change it.

const MOST_LISTED = 24;

/** Cells to go to, as their reader calls them. */
function cellList(cells, reader) {
  const { lesson } = page;
  const items = cells.slice(0, MOST_LISTED).map((cell) => {
    const title = `${lesson.tables[cell[0]].name}, ${placeText(cell)}`;
    const content = [nameOf(cell, reader), ` ${shown(lesson.value(...cell))}`];
    return el(
      "li",
      button(() => page.choose(cell), content, { title }),
    );
  });
  const left = cells.length - items.length;
  return el("ul.cells", items, left > 0 && el("li", say("and_more", { n: left })));
}

/** The field that changes a cell's number, or holds a computed one at a number. */
function numberForm(cell, isGiven) {
  const { lesson, before } = page;
  const value = String(lesson.value(...cell)).replace("e+", "e");
  const field = el("input", { id: "new-number", type: "text", inputmode: "decimal", autocomplete: "off", value });
  const wrong = el("p.wrong", { role: "alert" });
  const onsubmit = (event) => {
    event.preventDefault();
    const x = numberIn(field.value);
    if (x === null) wrong.textContent = say("no_number", { text: field.value });
    else page.change([[...cell, x]]);
  };
  const label = el("label", { for: field.id }, say(isGiven ? "change" : "hold"));
  const take = (key, cells) =>
    button(() => page.change(cells.map((each) => [...each, before.value(...each)])), say(key));
  const isHeld = !isGiven && lesson.isChanged(...cell);
  return [
    el("form.change", { onsubmit }, label, field, el("button", say("set")), wrong),
    isHeld && el("p.hint", say("is_patched")),
    isHeld && button(() => page.change([[...cell, null]]), say("release")),
    ...(before ? [take("take_cell", [cell]), take("take_table", lesson.cells(cell[0]))] : []),
  ];
}

inPanel.push((cell, isKept) => {
  const { lesson, isAsking } = page;
  const { code } = lesson.tables[cell[0]];
  const isGiven = Boolean(lesson.given[cell[0]]);
  const [vocabulary, isOptional] = lesson.vocabularyOf(cell[0]);
  const isWord = vocabulary !== undefined;
  const line = code && el("p.code", el("code", { title: say("code") }, code));
  if (!isKept) return [line, isGiven && el("p.hint", say(isWord ? "is_word" : "is_given"))];
  const inputs = lesson.inputs(...cell);
  const users = isAsking ? lesson.users(...cell) : [];
  const ask = button(() => page.askUsers(), say("users"), { id: "ask", "aria-pressed": String(isAsking) });
  return [
    line,
    ...(inputs.length ? [el("h3", say("reads")), cellList(inputs, cell[0])] : []),
    ask,
    isAsking && (users.length ? cellList(users, cell[0]) : el("p", say("no_users"))),
    ...(isWord
      ? [el("p.change", wordField("new-word", say("change"), cell, vocabulary, isOptional))]
      : numberForm(cell, isGiven)),
  ];
});
