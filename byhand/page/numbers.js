// Numbers as text, as byhand's workbooks and worked lines show them.

const INFINITE = 1e29;
const MINUS = "\u2212";

function signed(text) {
  return text.replace("-", MINUS);
}

/** All digits if they are few, else nothing. */
function shortDigits(x) {
  const near = Number(x.toPrecision(12));
  if (near === 0) return "0";
  const size = Math.abs(near);
  if (size >= 1e12 || size < 1e-5) return "";
  const digits = near.toFixed(20).replace(/\.?0+$/, "");
  const plain = String(near).includes("e") ? digits : String(near);
  return Number.isInteger(near) || plain.replace(/^[-0.]+/, "").replace(".", "").length <= 5 ? plain : "";
}

/** A number as a worked line shows it: in full where that is short, else to a few places. */
function shown(x) {
  if (!Number.isFinite(x)) return "undefined";
  if (x < -INFINITE) return `${MINUS}∞`;
  const digits = shortDigits(x);
  if (digits) return signed(digits);
  const size = Math.abs(x);
  if (size < 1e-12) return "0";
  if (size < 1e-5 || size >= 1e12) {
    const [digit, exponent] = x.toExponential(3).split("e");
    return signed(`${Number(digit)}×10${raised(Number(exponent))}`);
  }
  return signed(size >= 0.1 ? x.toFixed(4) : String(Number(x.toPrecision(4))));
}

function raised(exponent) {
  return String(exponent).replace(/[-\d]/g, (sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign]));
}

/** Whether `shown` loses nothing of a number. */
function isExact(x) {
  return x < -INFINITE || shortDigits(x) !== "";
}

/** The decimals of a table's cells: none for whole numbers, more where all are small. */
function placesOf(values) {
  let largest = 0;
  let whole = true;
  for (const x of values) {
    const size = Math.abs(x);
    if (!(size < INFINITE)) continue;
    if (Math.abs(x - Math.round(x)) >= 1e-12) whole = false;
    if (size > largest) largest = size;
  }
  if (whole) return 0;
  return largest > 1 ? 2 : Math.min(9, Math.max(3, 1 - Math.floor(Math.log10(largest))));
}

/** A number in a cell with so many decimals. */
function inCell(x, places) {
  if (Number.isNaN(x)) return "?";
  if (x < -INFINITE) return `${MINUS}∞`;
  if (!Number.isFinite(x)) return x > 0 ? "∞" : `${MINUS}∞`;
  if (Math.abs(x) >= 1e9) return signed(x.toExponential(2));
  const text = x.toFixed(places);
  return signed(Number(text) === 0 ? text.replace("-", "") : text);
}
