// Elements without markup: no name of a target is ever read as HTML.

export function element(name, attributes = {}, ...children) {
  const out = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) out.setAttribute(key, value);
  }
  out.append(...children);
  return out;
}

// Of so many pixels of the page's, which are what is drawn in; sharp on every screen.
export function sizeCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1, w = Math.round(width * ratio), h = Math.round(height * ratio);
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
  }
  canvas.getContext('2d').setTransform(ratio, 0, 0, ratio, 0, 0);
}

export const on = (target, type, action) => target.addEventListener(type, action);
