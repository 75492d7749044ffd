// Source beside the graph: time by line, who calls in and what is called.
import {baseOf, share, visible} from './format.js';
import {element} from './dom.js';

export class Source {
  // host: {meta, onFunction(fn)}
  constructor(box, host) {
    Object.assign(this, {box, host});
    this.around = true;
    this.files = null;  // by name: {fits, text}
  }

  none(said) {
    this.box.replaceChildren(element('p', {class: 'empty'}, said));
  }

  // answer: of the worker's lines(); limited: to the path chosen in the graph.
  set(fn, answer, limited) {
    const {functions} = this.host.meta(), file = functions.file[fn];
    this.shown = [fn, answer, limited];
    const known = this.files && this.files.get(file);
    const sums = new Map(answer.lines.map((entry) => [entry.line, entry]));
    const head = element('div', {class: 'bar2'},
      element('b', {}, visible(functions.name[fn])),
      element('span', {class: 'dim'}, visible(file) + (limited ? ' · only below the chosen frame' : '')));
    const parts = [head];
    let lines = [];
    if (known && known.fits) {
      const text = known.text.split('\n');
      let from = 1, to = text.length;
      if (this.around) {
        const own = this.extent(functions.line[fn], text, sums);
        from = Math.max(1, own[0] - 10);
        to = Math.min(text.length, own[1] + 10);
      }
      const toggle = element('button', {}, this.around ? 'Whole file' : 'Function only');
      toggle.onclick = () => {
        this.around = !this.around;
        this.set(...this.shown);
      };
      head.append(toggle);
      for (let line = from; line <= to; line++) lines.push([line, text[line - 1]]);
    } else {
      parts.push(element('p', {class: 'dim'}, known ?
        'The file has changed since it was profiled: its text would not fit these lines.' :
        this.files ? 'The text of this file is not in the page.' :
          'Made without --with-source: lines and their time, without the text.'));
      lines = [...sums.keys()].sort((a, b) => a - b).map((line) => [line, '']);
    }
    const pre = element('pre');
    pre.append(this.row('line', element('span', {class: 'no'}, ''), element('span', {class: 'fig'}, 'self'),
      element('span', {class: 'fig'}, 'total'), element('span', {class: 'ways'}, '')));
    for (const [line, text] of lines) pre.append(this.line(line, text, sums.get(line), answer));
    this.box.replaceChildren(...parts, pre);
    this.box.scrollTop = known && known.fits && !this.around ? (functions.line[fn] - 5) * 19 : 0;
  }

  row(kind, ...cells) {
    return element('div', {class: kind}, ...cells);
  }

  // A function's lines: to where indentation ends.
  extent(first, text, sums) {
    if (!first) {
      const lines = [...sums.keys()];
      return lines.length ? [Math.min(...lines), Math.max(...lines)] : [1, text.length];
    }
    const depth = (s) => s.search(/\S/);
    const base = depth(text[first - 1] || '');
    let last = first, begun = false;
    for (let i = first; i < text.length; i++) {
      const d = depth(text[i]);
      if (d < 0) continue;
      if (begun && d <= base) break;
      if (d > base) begun = true;
      last = i + 1;
    }
    return [first, last];
  }

  line(number, text, sum, answer) {
    const figure = (weight, n) => {
      const part = answer.total ? weight / answer.total : 0;
      return element('span', {class: 'fig', style: `background-size:${(part * 100).toFixed(1)}% 15px`},
        weight ? share(weight, answer.total, n, answer.samples) : '');
    };
    const ways = element('span', {class: 'ways'});
    if (sum) {
      for (const [sign, list, said] of [['▲', sum.up, 'called from'], ['▼', sum.down, 'calls']]) {
        if (!list.length) continue;
        const button = element('button', {title: said, 'aria-label': `Line ${number}: ${said}`}, sign);
        button.onclick = () => {
          const open = row.nextSibling && row.nextSibling.dataset && row.nextSibling.dataset.way === sign;
          while (row.nextSibling && row.nextSibling.dataset && row.nextSibling.dataset.way) row.nextSibling.remove();
          if (!open) row.after(...list.map(([fn, weight]) => this.way(sign, fn, weight, answer)));
        };
        ways.append(button);
      }
    }
    const row = this.row('line', element('span', {class: 'no'}, String(number)),
      figure(sum ? sum.self : 0, sum ? sum.selfN : 0),
      figure(sum ? sum.total : 0, sum ? sum.n : 0), ways, visible(text.replace(/\t/g, '    ')));
    return row;
  }

  way(sign, fn, weight, answer) {
    const {functions} = this.host.meta();
    const go = element('button', {}, visible(functions.name[fn]));
    go.onclick = () => this.host.onFunction(fn);
    const out = this.row('way', sign + ' ', go,
      ` ${visible(baseOf(functions.file[fn]))}  ${share(weight, answer.total, 1e9, 1e9).split(' ')[0]}`);
    out.dataset.way = sign;
    return out;
  }
}
