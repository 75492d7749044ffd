// Elements without markup: no name of a target is ever read as HTML.

export function element(name, attributes = {}, ...children) {
  const out = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) out.setAttribute(key, value);
  }
  out.append(...children);
  return out;
}

export const on = (target, type, action) => target.addEventListener(type, action);
