// The card at the top: the words to change, what the model expects, the losses, and the numbers that one may set.

const MOST_BARS = 24;
/** The row of probabilities that a reader chose; null for the one that a lesson begins with. */
let rowChosen = null;

/** A line of a bar chart: a name, a bar of so much of the line, and the number; a click goes to its cell. */
function bar(cell, name, shareOf, places, isBest = false) {
  const { lesson, before } = page;
  const share = (of) => ({ "--share": shareOf(of.value(...cell)) });
  const bars = [el("i", share(lesson)), before && el("i.was", share(before))];
  const number = el("span.p", inCell(lesson.value(...cell), places));
  const about = { id: `bar-${cell.join("-")}`, class: isBest && "best" };
  return el(
    "li",
    button(() => page.choose(cell), [el("span.name", name), el("span.bar", bars), number], about),
  );
}

function section(kind, key, ...content) {
  return el(`div.${kind}`, el("h2", say(key)), ...content);
}

function promptFields({ heading, ids, vocabulary, optional }) {
  const fields = page.lesson.cells(ids).map((cell) => {
    const label = `${heading}, ${say("word_n", { n: cell[1] + 1 })}`;
    return wordField(`word-${cell.join("-")}`, label, cell, vocabulary, optional);
  });
  return el("fieldset", el("legend", heading), el("div.words", fields));
}

/** The cells of the row of probabilities that is shown, the most probable first. */
function probabilities() {
  const { lesson } = page;
  const { table, at } = lesson.data.start.prediction;
  const row = Math.min(rowChosen ?? at, lesson.tables[table].rows - 1);
  const cells = lesson.cells(table).filter(([, i]) => i === row);
  return cells.sort((a, b) => lesson.value(...b) - lesson.value(...a));
}

/** The probabilities of a row as bars, with a choice of the row. */
function prediction({ table, vocabulary }) {
  const { lesson } = page;
  const { rows, labels } = lesson.tables[table];
  const sorted = probabilities();
  const [best] = sorted;
  const listed = sorted.slice(0, MOST_BARS);
  if (sorted.length <= MOST_BARS) listed.sort((a, b) => a[2] - b[2]);
  const { words } = data.vocabularies[vocabulary];
  const bars = listed.map((cell) => bar(cell, words[cell[2]], (p) => p || 0, 3, cell === best));
  const rowName = (row) => [row + 1, lesson.word(labels[0], row)].filter(Boolean).join(" ");
  const options = numbers(rows).map((row) => el("option", { value: row, selected: row === best[1] }, rowName(row)));
  const onchange = ({ target }) => {
    rowChosen = Number(target.value);
    drawStart();
  };
  const choice = el("select", { id: "position", "aria-label": say("at_position"), onchange }, options);
  const heading = say(lesson.data.start.prompts.length ? "expects" : "answer");
  return [el("h2", heading, rows > 1 && el("label.position", ` ${say("at_position")} `, choice)), el("ul.bars", bars)];
}

/** The words that the lesson itself writes. */
function writtenWords(written) {
  const { lesson } = page;
  const words = written.map(([n, row]) => {
    const word = lesson.word(lesson.tables[n].labels[0], row) ?? "";
    return button(() => page.choose([n, row, 0]), word, { class: "word" });
  });
  return section("writes", "writes", el("div.words", words));
}

function lossBars(losses) {
  const largest = Math.max(...losses.map((n) => Math.abs(page.lesson.value(n, 0, 0))), 1e-30);
  const name = (k) => (losses.length > 1 ? say("loss_step", { n: k + 1 }) : "loss");
  const bars = losses.map((n, k) => bar([n, 0, 0], name(k), (x) => Math.min(1, Math.abs(x) / largest), 4));
  return section("losses", "loss", el("ul.bars", bars));
}

function settingFields(settings) {
  const fields = settings.map(([n, name, meaning]) => {
    const id = `setting-${n}`;
    const onchange = ({ target }) =>
      numberIn(target.value) !== null && page.change([[n, 0, 0, numberIn(target.value)]]);
    const field = el("input", { id, type: "number", step: "any", value: page.lesson.value(n, 0, 0), onchange });
    return el("p", el("label", { for: id }, name), " ", field, el("small", ` ${meaning}`));
  });
  return section("settings", "constants", fields);
}

function drawStart() {
  const { start } = page.lesson.data;
  refill(byId("prompts"), start.prompts.map(promptFields));
  refill(byId("expects"), start.prediction && prediction(start.prediction));
  refill(
    byId("more-start"),
    start.written.length && writtenWords(start.written),
    start.losses.length && lossBars(start.losses),
    start.settings.length && settingFields(start.settings),
  );
}

whenChanged.push(drawStart);
