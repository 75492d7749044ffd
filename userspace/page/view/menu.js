// What one does with a frame, and the list of keys.
import {element, on} from './dom.js';

export class Menu {
  constructor(box) {
    this.box = box;
    on(document, 'mousedown', (event) => {
      if (!box.contains(event.target)) this.close();
    });
    on(box, 'keydown', (event) => {
      const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
      const all = [...box.children], at = all.indexOf(document.activeElement);
      if (step) all[(at + step + all.length) % all.length].focus();
      else if (event.key === 'Escape' || event.key === 'Tab') this.close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  // entries: [text, action]
  open(entries, x, y) {
    this.before = document.activeElement;
    this.box.replaceChildren(...entries.map(([text, action]) => {
      const button = element('button', {role: 'menuitem'}, text);
      button.onclick = () => {
        this.close();
        action();
      };
      return button;
    }));
    this.box.hidden = false;
    const {offsetWidth, offsetHeight} = this.box;
    this.box.style.left = Math.max(4, Math.min(x, innerWidth - offsetWidth - 4)) + 'px';
    this.box.style.top = Math.max(4, Math.min(y, innerHeight - offsetHeight - 4)) + 'px';
    this.box.firstChild.focus();
  }

  close() {
    if (this.box.hidden) return;
    this.box.hidden = true;
    if (this.before) this.before.focus();
  }
}

const KEYS = [
  ['/ or Ctrl F', 'search; Ctrl F again is the browser’s'],
  ['n  N', 'next, previous match'],
  ['← → ↑ ↓', 'move between frames; in the heatmap move the range, with Shift its end, with Ctrl the second range'],
  ['Enter', 'zoom into the frame'],
  ['Esc', 'one step back: menu, search, zoom'],
  ['i', 'invert: innermost frame first'],
  ['r', 'fold direct recursion, or not'],
  ['c', 'the function between its callers and callees'],
  ['s', 'source of the frame'],
  ['m', 'menu of the frame'],
  ['t', 'table'],
  ['a', 'all of the time'],
  ['?', 'this list'],
];

export function showKeys(dialog) {
  const table = element('table');
  for (const [key, text] of KEYS) {
    table.append(element('tr', {}, element('td', {}, element('kbd', {}, key)), element('td', {}, text)));
  }
  const close = element('button', {}, 'Close');
  close.onclick = () => dialog.close();
  dialog.replaceChildren(element('h2', {}, 'Keys'), table,
    element('p', {}, 'Search: any case unless a capital is typed; /regex/; file.py:42; lib:numpy. Drag over the time for a range, Ctrl-drag for a second one to compare. Shares are told with their 95% interval; in a difference grey is what chance explains.'), close);
  dialog.showModal();
}
