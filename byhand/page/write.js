// Going on to write: the word that the lesson says is next, or one that is drawn with its probabilities.

/** A word drawn with the probabilities of the last row, at the temperature that is set; it says so. */
function drawnWord() {
  const { lesson } = page;
  byId("position")?.remove(); // it is the last row that counts
  const sorted = probabilities();
  const p = (cell) => lesson.value(...cell);
  const temperature = Math.min(10, Math.max(0.1, Number(byId("temperature").value) || 1));
  const powers = sorted.map((cell) => (p(cell) / p(sorted[0])) ** (1 / temperature));
  const u = Math.floor(Math.random() * 1000) / 1000;
  let left = u * powers.reduce((a, b) => a + b, 0);
  const drawn = powers.findIndex((power) => (left -= power) < 0);
  const [, , word] = sorted[Math.max(0, drawn)];
  const { words } = data.vocabularies[lesson.data.start.prediction.vocabulary];
  byId("said").textContent = say("drew", { u, word: words[word] });
  return word;
}

/** Put a word into the cells of the last one that was written; null to take it back. */
function putLast(word) {
  for (const [n, row] of page.lesson.data.start.slots.at(-1)) page.lesson.set(n, row, 0, word);
}

/** Go on with a word more, or with one fewer. */
page.write = (by) => {
  const { next } = page.lesson.data.start;
  byId("said").textContent = "";
  const word = by > 0 && (byId("drawn").checked ? drawnWord() : page.lesson.value(next, 0, 0));
  page.done.push(page.state());
  if (by < 0) putLast(null);
  page.load(page.state(page.longer + Number(by)));
  if (by > 0) putLast(word);
  page.redraw();
  page.remember();
};

whenChanged.push(() => {
  const isFull = page.longer === data.longer.length;
  byId("write").disabled = isFull;
  byId("unwrite").hidden = !page.longer;
  if (isFull) byId("said").textContent = say("no_room");
});
byId("next").hidden = false;
