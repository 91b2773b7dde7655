// The one function of rules that a browser does not have.

/** erf to the last digits, by a series of positive terms. */
function erf(x) {
  const size = Math.min(6, Math.abs(x));
  let term = size;
  let total = size;
  for (let n = 1; term > total * 1e-17; n++) {
    term *= (2 * size * size) / (2 * n + 1);
    total += term;
  }
  return (Math.sign(x) * 2 * total * Math.exp(-size * size)) / Math.sqrt(Math.PI);
}
