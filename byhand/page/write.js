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

/** Go on with so many words more, or one fewer; the last of them is a word, or null for one that is taken back. */
function goOn(by, word) {
  const putLast = () => {
    for (const [n, row] of page.lesson.data.start.slots.at(-1)) page.lesson.set(n, row, 0, word);
  };
  page.done.push(page.state());
  if (by < 0) putLast();
  page.load(page.state(page.longer + by));
  if (by > 0) putLast();
  page.redraw();
  page.remember();
}

function write() {
  byId("said").textContent = "";
  goOn(1, byId("drawn").checked ? drawnWord() : page.lesson.value(page.lesson.data.start.next, 0, 0));
}

whenChanged.push(() => {
  const isFull = page.longer === data.longer.length;
  byId("write").disabled = isFull;
  byId("unwrite").hidden = !page.longer;
  if (isFull) byId("said").textContent = say("no_room");
});
byId("next").hidden = false;
