// Numbers as text, as byhand's workbooks and worked lines show them, and text as numbers.

const INFINITE = 1e29;
const MINUS = "\u2212";

/** Whether a few digits say all of a number. */
function isExact(x) {
  const text = String(Number(x.toPrecision(12)));
  const digits = text.replace(/^[-0.]+/, "").replace(".", "");
  return x < -INFINITE || (!text.includes("e") && (Number.isInteger(Number(text)) || digits.length <= 5));
}

/** A number as a worked line shows it: in full where that is short, else to a few places. */
function shown(x) {
  const size = Math.abs(x);
  if (!Number.isFinite(x)) return "undefined";
  if (x < -INFINITE) return `${MINUS}∞`;
  if (size < 1e-12) return "0";
  if (size >= 1e-5 && size < 1e12) {
    const plain = isExact(x) ? x.toPrecision(12) : size >= 0.1 ? "" : x.toPrecision(4);
    return (plain ? String(Number(plain)) : x.toFixed(4)).replace("-", MINUS);
  }
  const [digit, exponent] = x.toExponential(3).split("e");
  const raised = String(Number(exponent)).replace(/[-\d]/g, (sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign] ?? "⁻");
  return `${Number(digit)}×10${raised}`.replace("-", MINUS);
}

/** The decimals of a table's cells: none for whole numbers, more where all are small. */
function placesOf(values) {
  const finite = values.filter((x) => Math.abs(x) < INFINITE);
  if (finite.every((x) => Math.abs(x - Math.round(x)) < 1e-12)) return 0;
  const largest = finite.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return largest > 1 ? 2 : Math.min(9, Math.max(3, 1 - Math.floor(Math.log10(largest))));
}

/** A number in a cell with so many decimals. */
function inCell(x, places) {
  if (Number.isNaN(x)) return "?";
  if (Math.abs(x) > INFINITE) return x > 0 ? "∞" : `${MINUS}∞`;
  const text = Math.abs(x) >= 1e9 ? x.toExponential(2) : x.toFixed(places);
  return text.replace("-", Number(text) === 0 ? "" : MINUS);
}

/** The number in a text, with a comma or a point; null if it is none. */
function numberIn(text) {
  const plain = text.trim().replace(MINUS, "-").replace(",", ".");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) && Math.abs(Number(plain)) <= 1e30 ? Number(plain) : null;
}
