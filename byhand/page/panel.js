// The panel about a cell: what it is, its formula, what it reads, who uses it, and a field to change it.

const MOST_LISTED = 24;

/** Cells to go to, as their reader calls them. */
function cellList(cells, reader) {
  const { lesson } = page;
  const item = (cell) => html`<li><button type="button" data-cell="${String(cell)}"
    title="${lesson.tables[cell[0]].name}, ${placeText(cell)}"><math>${nameOf(cell, reader)}</math>
    ${shown(lesson.value(...cell))}</button>`;
  const left = cells.length - MOST_LISTED;
  const more = left > 0 && html`<li>${say("and_more", { n: left })}`;
  return html`<ul class="cells">${cells.slice(0, MOST_LISTED).map(item)}${more}</ul>`;
}

/** A button. action: see `act`. */
function button(action, key, about = "") {
  return html`<button type="button" data-do="page ${action}" ${about}>${say(key)}</button>`;
}

/** The field that changes a cell, or holds a computed one at a number; and what has been changed, taken back. */
function changeFields(cell) {
  const { lesson, before } = page;
  const { labels, role } = lesson.tables[cell[0]];
  const isGiven = Boolean(lesson.given[cell[0]]);
  const isHeld = !isGiven && lesson.changes.has(String(cell));
  const value = String(lesson.value(...cell)).replace("e+", "e");
  const [vocabulary, isOptional] = isGiven && role === "tokens" && Array.isArray(labels[0]) ? labels[0].slice(1) : [];
  const number = html`<input id="new-number" data-set="${String(cell)}" value="${value}"
    inputmode="decimal" autocomplete="off"><button>${say("set")}</button>`;
  return html`<form class="change"><label for="new-number">${say(isGiven ? "change" : "hold")}</label>
    ${vocabulary === undefined ? number : wordField("new-number", cell, vocabulary, isOptional)}</form>
    ${isHeld && html`<p class="hint">${say("is_patched")}</p>${button("take rule", "release")}`}
    ${before && [button("take cell", "take_cell"), button("take table", "take_table")]}`;
}

/** Show the cell that is followed. What a student works out is not shown. */
function showInPanel(cell) {
  const { lesson, before, practice, isKept, isAsking } = page;
  const { name, about, step, code, role } = lesson.tables[cell[0]];
  const isSecret = practice?.hidden.has(cell[0]);
  const value = lesson.value(...cell);
  const was = before?.value(...cell) ?? value;
  const [title, equation, source] = practice ? [] : (data.steps[step] ?? []);
  const lines = formulaLines(cell, isSecret);
  const inputs = isKept && !practice ? lesson.inputs(...cell) : [];
  const users = isAsking ? lesson.users(...cell) : [];
  const hint = lesson.given[cell[0]] && !isKept && say(role === "tokens" ? "is_word" : "is_given");
  const more = [
    code && html`<p class="code"><code title="${say("code")}">${code}</code></p>`,
    hint && html`<p class="hint">${hint}</p>`,
    inputs.length > 0 && html`<h3>${say("reads")}</h3>${cellList(inputs, cell[0])}`,
    isKept && button("ask", "users", html`id="ask" aria-pressed="${isAsking}"`),
    isAsking && (users.length ? cellList(users, cell[0]) : html`<p>${say("no_users")}</p>`),
    isKept && changeFields(cell),
  ];
  fill(
    byId("cell"),
    html`<div id="about"><p class="where"><b>${name}</b> · ${placeText(cell)}</p>
      <p class="big"><math>${nameOf(cell)}</math> ${!isSecret && html`<output>${shown(value)}</output>`}
      ${was !== value && html`<small>${say("was", { x: shown(was) })}</small>`}</p>
      <p>${about} <span class="of">${[title, equation].filter(Boolean).join(": ")} <cite>${source}</cite></span></p>
      ${
        lines.length > 0 &&
        html`<div class="formula" tabindex="0" role="group"
        aria-label="${say("numbers")}">${lines}</div>`
      }
      </div>
      ${practice ? html`<p class="verdict">${practice.field(practice.asked.get(String(cell)))?.title}</p>` : more}`,
  );
  byId("cell").classList.toggle("kept", isKept);
}
