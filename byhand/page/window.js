// The buttons of a large table, which move the window that is shown of it.

/** The sign on each button, and by how many rows and columns it moves. */
const MOVES = { up: ["▴", -24, 0], down: ["▾", 24, 0], left: ["◂", 0, -24], right_side: ["▸", 0, 24] };

function windowButtons(grid) {
  const [row, column] = grid.first;
  const moves = Object.entries(MOVES).map(([key, [sign, down, right]]) => {
    const about = { "aria-label": say(key), title: say(key) };
    return button(() => grid.moveTo(row + down, column + right), sign, about);
  });
  const fields = { a: row + 1, b: row + grid.rows, c: column + 1, d: column + grid.columns };
  return [...moves, say("window", fields)];
}

whenDrawn.push((part) => {
  for (const grid of part.grids.filter(({ window }) => window)) {
    const mover = grid.element.appendChild(el("div.mover"));
    part.redraws.push(() => mover.replaceChildren(...windowButtons(grid)));
  }
});
