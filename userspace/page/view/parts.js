// The data, which stands in the page behind its code: parts of one or more pieces each.
import {on} from './dom.js';

const ANY = 'script[data-part]';

export const pieces = (name) =>
  [...document.querySelectorAll(`${ANY}[data-part="${name}"]`)].map((piece) => piece.textContent);

export const wholePage = () =>
  new Promise((done) => (document.readyState === 'loading' ? on(document, 'DOMContentLoaded', done) : done()));

// Takes the pieces of the first parts, named `names`, out of the page as the browser reads them:
// take(name, text). Ends where another part begins, which the first picture does without.
export function takePieces(names, take) {
  return new Promise((done) => {
    const look = () => {
      for (let piece; (piece = document.querySelector(ANY)) && names.includes(piece.dataset.part); piece.remove()) {
        // A piece that nothing follows is still being read.
        if (!piece.nextSibling && document.readyState === 'loading') return;
        take(piece.dataset.part, piece.textContent);
      }
      if (!document.querySelector(ANY) && document.readyState === 'loading') return;
      observer.disconnect();
      done();
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, {childList: true});
    on(document, 'DOMContentLoaded', look);
    look();
  });
}
