// The elements that the script makes, and the words on them. What is written on an element is always text.

const SPACES = { svg: "http://www.w3.org/2000/svg", math: "http://www.w3.org/1998/Math/MathML" };
const HTML = "http://www.w3.org/1999/xhtml";

/**
 * An element: el("p.hint", "text"), el("button", { type: "button", onclick: go }, "go"), el("svg:path", { d }).
 * An attribute that is false, and a child that is null or false, are left out.
 */
function el(kind, ...children) {
  const [, space, tag, classes] = /^(?:(\w+):)?(\w+)(?:\.(.*))?$/.exec(kind);
  const element = document.createElementNS(SPACES[space] ?? HTML, tag);
  if (classes) element.setAttribute("class", classes.replaceAll(".", " "));
  const [first] = children;
  if (first && Object.getPrototypeOf(first) === Object.prototype) set(element, children.shift());
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Give an element attributes, and listeners by names such as onclick; a name with -- is a property of its style. */
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) element.style.setProperty(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

/** A button that does something. */
function button(kind, action, ...children) {
  return set(el(`button${kind}`, ...children), { type: "button", onclick: action });
}

function byId(id) {
  return document.getElementById(id);
}

/** Put other children into an element. What had the focus has it again, if there still is one of its id. */
function refill(element, ...children) {
  const { activeElement } = document;
  const id = element.contains(activeElement) ? activeElement.id : null;
  element.replaceChildren(...children.flat().filter(Boolean));
  if (id !== null) (byId(id) ?? element).focus({ preventScroll: true });
}

/** A text of the page with its fields filled in. */
function say(key, fields = {}) {
  return data.texts[key].replace(/\{(\w+)\}/g, (_, name) => String(fields[name]));
}

/** How to move to a place: at once for those who want less motion. */
function smooth() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}
