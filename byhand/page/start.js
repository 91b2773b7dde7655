// The card at the top: the words to change, what the model expects, the losses, and the numbers that one may set.

const MOST_BARS = 24;
const LONG_VOCABULARY = 300;

/** A field for a word: a list to choose from, or for a large vocabulary a field that completes. */
function wordField(id, cell, vocabulary, isOptional, label = say("change")) {
  const { words } = data.vocabularies[vocabulary];
  const about = html`class="word" id="${id}" aria-label="${label}" data-set="${String(cell)}"`;
  const now = page.lesson.value(...cell);
  const option = (word, n) => html`<option value="${n}" ${n === now && "selected"}>${word}</option>`;
  if (words.length <= LONG_VOCABULARY)
    return html`<select ${about}>${isOptional && option("_", -1)}${words.map(option)}</select>`;
  return html`<input ${about} list="${id}-words" value="${words[now] ?? "_"}">
    <datalist id="${id}-words">${words.map((word) => html`<option value="${word}">`)}</datalist>`;
}

/** The words of a text, to change. */
function promptFields({ heading, ids, vocabulary, optional }) {
  const fields = page.lesson.cells(ids).map((cell) => {
    const label = `${heading}, ${say("word_n", { n: cell[1] + 1 })}`;
    return wordField(`word-${cell.join("-")}`, cell, vocabulary, optional, label);
  });
  return html`<fieldset><legend>${heading}</legend><div class="words">${fields}</div></fieldset>`;
}

/** A line of a bar chart: a name, a bar for a share of the largest, and the number; a click goes to its cell. */
function bar(cell, name, largest, places, isBest = false) {
  const share = (of) => `--share:${Math.min(1, Math.abs(of.value(...cell)) / largest) || 0}`;
  const { lesson, before } = page;
  return html`<li><button type="button" id="bar-${cell.join("-")}" class="${isBest && "best"}"
    data-cell="${String(cell)}"><span class="name">${name}</span>
    <span class="bar"><i data-style="${share(lesson)}"></i>
    ${before && html`<i class="was" data-style="${share(before)}"></i>`}</span>
    <span class="p">${inCell(lesson.value(...cell), places)}</span></button>`;
}

/** The cells of the row of probabilities that is chosen, or that a lesson begins with; the most probable first. */
function probabilities() {
  const { lesson } = page;
  const { table, at } = lesson.data.start.prediction;
  const row = Math.min(byId("position")?.value ?? at, lesson.tables[table].rows - 1);
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
  const bars = listed.map((cell) => bar(cell, data.vocabularies[vocabulary].words[cell[2]], 1, 3, cell === best));
  const option = (row) => html`<option value="${row}" ${row === best[1] && "selected"}>
    ${row + 1} ${lesson.word(labels[0], row)}</option>`;
  const choice = html`<label class="position">${say("at_position")}
    <select id="position">${range(rows, option)}</select></label>`;
  return html`<h2>${say(lesson.data.start.prompts.length ? "expects" : "answer")} ${rows > 1 && choice}</h2>
    <ul class="bars">${bars}</ul>`;
}

/** A word that the lesson itself writes. */
function writtenWord([n, row]) {
  const word = page.lesson.word(page.lesson.tables[n].labels[0], row);
  return html`<button type="button" class="word" data-cell="${n},${row},0">${word}</button> `;
}

function lossBars(losses) {
  const largest = Math.max(...losses.map((n) => Math.abs(page.lesson.value(n, 0, 0))), 1e-30);
  const name = (k) => (losses.length > 1 ? say("loss_step", { n: k + 1 }) : "loss");
  return html`<ul class="bars">${losses.map((n, k) => bar([n, 0, 0], name(k), largest, 4))}</ul>`;
}

/** A number that one may set, such as a temperature. */
function settingField([n, name, meaning]) {
  const value = page.lesson.value(n, 0, 0);
  return html`<p><label for="setting-${n}">${name}</label>
    <input id="setting-${n}" type="number" step="any" value="${value}" data-set="${n},0,0">
    <small>${meaning}</small></p>`;
}

function drawStart() {
  const { prompts, prediction: expected, written, losses, settings } = page.lesson.data.start;
  const section = (key, items, content) =>
    items.length > 0 && html`<div class="${key}"><h2>${say(key)}</h2>${content}</div>`;
  const writes = section("writes", written, written.map(writtenWord));
  const constants = section("constants", settings, settings.map(settingField));
  fill(byId("prompts"), html`${prompts.map(promptFields)}`);
  fill(byId("expects"), html`${expected && prediction(expected)}`);
  fill(byId("more-start"), html`${writes}${section("loss", losses, lossBars(losses))}${constants}`);
}

whenChanged.push(drawStart);
