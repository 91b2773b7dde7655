// Markup for the page. What is put into it is text, unless it is markup itself.

class Markup extends String {}

/** Markup from a template: html`<p>${text}</p>`. Lists are joined; null, undefined and false are left out. */
function html(strings, ...values) {
  const put = (value) => {
    if (value instanceof Markup) return value;
    if (Array.isArray(value)) return value.map(put).join("");
    return String(value === false ? "" : (value ?? "")).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  };
  return new Markup(String.raw({ raw: strings }, ...values.map(put)));
}

/** Give an element other content; `data-style` stands for the attribute that the page's policy forbids in markup. */
function fill(element, markup) {
  const { activeElement } = document;
  const focused = element.contains(activeElement) && activeElement.id;
  element.innerHTML = markup;
  for (const styled of element.querySelectorAll("[data-style]")) styled.style.cssText = styled.dataset.style;
  if (focused) (byId(focused) ?? element).focus({ preventScroll: true });
}

function byId(id) {
  return document.getElementById(id);
}

/** A text of the page with its fields filled in. */
function say(key, fields = {}) {
  return data.texts[key].replace(/\{(\w+)\}/g, (_, name) => String(fields[name]));
}
