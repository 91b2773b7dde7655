// Numbers as text, as byhand's workbooks and worked lines show them, and text as numbers.

const INFINITE = 1e29;
const MINUS = "\u2212";

/** All digits of a number if they are few, else nothing. */
function shortDigits(x) {
  const near = Number(x.toPrecision(12));
  const size = Math.abs(near);
  if (size >= 1e12 || (size < 1e-5 && size > 0)) return "";
  const digits = near.toFixed(20).replace(/\.?0+$/, "");
  const plain = String(near).includes("e") ? digits : String(near);
  return Number.isInteger(near) || plain.replace(/^[-0.]+/, "").replace(".", "").length <= 5 ? plain : "";
}

/** Whether `shown` loses nothing of a number. */
function isExact(x) {
  return x < -INFINITE || shortDigits(x) !== "";
}

/** A number as a worked line shows it: in full where that is short, else to a few places. */
function shown(x) {
  if (!Number.isFinite(x)) return "undefined";
  if (x < -INFINITE) return `${MINUS}∞`;
  const size = Math.abs(x);
  let text = shortDigits(x) || (size >= 0.1 ? x.toFixed(4) : String(Number(x.toPrecision(4))));
  if (size < 1e-12) text = "0";
  else if (size < 1e-5 || size >= 1e12) {
    const [digit, exponent] = x.toExponential(3).split("e");
    const raised = Number(exponent)
      .toString()
      .replace(/[-\d]/g, (sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign] ?? "⁻");
    text = `${Number(digit)}×10${raised}`;
  }
  return text.replace("-", MINUS);
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
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", MINUS);
}

/** The number in a text, with a comma or a point; null if it is none. */
function numberIn(text) {
  const plain = text.trim().replace(MINUS, "-").replace(",", ".");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) && Math.abs(Number(plain)) <= 1e30 ? Number(plain) : null;
}
