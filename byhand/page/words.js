// The fields in which words are chosen.

const LONG_VOCABULARY = 300;

/** A field for a word: a list to choose from, or for a large vocabulary a field that completes. */
function wordField(id, label, [n, i, j], vocabulary, isOptional) {
  const { words } = data.vocabularies[vocabulary];
  const about = { id, "aria-label": label };
  const now = page.lesson.value(n, i, j);
  const change = (word) => page.change([[n, i, j, word]]);
  if (words.length <= LONG_VOCABULARY) {
    const option = (word, value) => el("option", { value, selected: value === now }, word);
    const onchange = ({ target }) => change(Number(target.value));
    return el("select.word", { ...about, onchange }, isOptional && option("_", -1), words.map(option));
  }
  const list = `words-${vocabulary}`;
  const options = () => words.map((value) => el("option", { value }));
  if (!byId(list)) document.body.append(el("datalist", { id: list }, options()));
  const onchange = ({ target }) => {
    if (words.includes(target.value)) change(words.indexOf(target.value));
    else target.value = target.defaultValue;
  };
  return el("input.word", { ...about, list, value: words[now] ?? "_", onchange });
}
