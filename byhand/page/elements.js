// The elements that the script makes, and the words on them. What is written on an element is always text.

const SPACES = { svg: "http://www.w3.org/2000/svg", math: "http://www.w3.org/1998/Math/MathML" };

/**
 * An element: el("p.hint", "text"), el("input", { type: "text", onchange: go }), el("svg:path", { d }).
 * Attributes that are null, undefined or false, and children that are empty, are left out.
 */
function el(kind, ...children) {
  const [, space, tag, classes] = /^(?:(\w+):)?(\w+)(?:\.(.*))?$/.exec(kind);
  const element = document.createElementNS(SPACES[space] ?? document.body.namespaceURI, tag);
  if (classes) element.setAttribute("class", classes.replaceAll(".", " "));
  if (children[0]?.constructor === Object) set(element, children.shift());
  element.append(...children.flat().filter(Boolean));
  return element;
}

/** Give an element attributes, and listeners by names such as onclick; a name with -- is a property of its style. */
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) element.style.setProperty(name, value);
    else if ((value ?? false) !== false) element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

/** A button that does something. content: a text or several children. about: further attributes. */
function button(onclick, content, about = {}) {
  return el("button", { type: "button", onclick, ...about }, ...[content].flat());
}

function byId(id) {
  return document.getElementById(id);
}

/** Put other children into an element. What had the focus has it again, if there still is one of its id. */
function refill(element, ...children) {
  const { activeElement } = document;
  const focused = element.contains(activeElement) && activeElement.id;
  element.replaceChildren(...children.flat().filter(Boolean));
  if (focused) (byId(focused) ?? element).focus({ preventScroll: true });
}

/** A text of the page with its fields filled in. */
function say(key, fields = {}) {
  return data.texts[key].replace(/\{(\w+)\}/g, (_, name) => String(fields[name]));
}
