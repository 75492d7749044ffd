// The table: HTML with only the rows on screen in it, all reachable by scrolling and by keys.
import {element, on} from './dom.js';
import {baseOf, cores, integer, percent, seconds, share, visible} from './format.js';
import {changeScore, margin} from '../model/stats.js';

const ROW_HEIGHT = 24;

// Columns: id, title, width, sort value, text, and for bars a share.
function plainColumns(t) {
  const {self, cum, selfN, cumN} = t;
  // Cores beside seconds would crowd out the names: the bar below has them.
  return [
    {id: 'self', title: 'Self', width: 116, value: (i) => self[i], bar: (i) => self[i] / t.total,
      text: (i) => share(self[i], t.total, selfN[i], t.samples)},
    {id: 'selft', title: 'Self time', width: 76, value: (i) => self[i], text: (i) => seconds(self[i])},
    {id: 'cum', title: 'Total', width: 116, value: (i) => cum[i], bar: (i) => cum[i] / t.total,
      text: (i) => share(cum[i], t.total, cumN[i], t.samples)},
    {id: 'n', title: 'Samples', width: 68, value: (i) => cumN[i], text: (i) => integer(cumN[i])},
  ];
}

function diffColumns(t) {
  const {a, b, basis} = t, byCores = basis === 'cores';
  const of = (side, i) => side.self[i] / (byCores ? side.seconds : side.total || 1);
  const figure = byCores ? (x) => cores(x) : percent;
  const change = (i) => of(b, i) - of(a, i);
  const signed = (x) => (x > 0 ? '+' : x < 0 ? '−' : '') + figure(Math.abs(x));
  const interval = (i) => {
    const m = (s) => margin(s.selfN[i], s.samples) * (byCores ? s.total / s.seconds : 1);
    return Math.hypot(m(a), m(b));
  };
  return [
    {id: 'a', title: 'Self A', width: 92, value: (i) => of(a, i), bar: (i) => a.self[i] / a.total, text: (i) => figure(of(a, i))},
    {id: 'b', title: 'Self B', width: 92, value: (i) => of(b, i), bar: (i) => b.self[i] / b.total, text: (i) => figure(of(b, i))},
    {id: 'change', title: 'Change', width: 170, value: (i) => Math.abs(t.score(i)),
      kind: (i) => t.verdict(i),
      text: (i) => `${['', '▲ ', '▼ '][t.verdict(i) > 0 ? 1 : t.verdict(i) < 0 ? 2 : 0]}${signed(change(i))} ± ${figure(interval(i))}`},
    {id: 'cum', title: 'Total B', width: 84, value: (i) => b.cum[i] / (b.total || 1), text: (i) => percent(b.cum[i] / (b.total || 1))},
  ];
}

export class Table {
  // host: {meta, fill(fn) -> css, onSelect(row), onOpen(row), onSort(id)}
  constructor(box, host) {
    Object.assign(this, {box, host});
    this.order = [];
    this.selected = -1;
    on(box, 'scroll', () => this.rows());
    on(box, 'keydown', (event) => this.key(event));
    new ResizeObserver(() => this.rows()).observe(box);
  }

  // answer: of the worker's table(); totals: of its view(). options: {by, sort, match (flags by
  // function), basis, critical, only}.
  set(answer, totals, options) {
    const {sides} = answer;
    const made = sides.map(([self, cum, selfN, cumN], s) => ({self, cum, selfN, cumN, ...totals[s]}));
    const t = this.t = made.length > 1 ? {a: made[0], b: made[1], basis: options.basis} : made[0];
    if (t.a) {
      const rates = options.basis === 'cores';
      const score = (i, at = 'selfN') => changeScore(t.a[at][i], rates ? t.a.seconds : t.a.samples,
        t.b[at][i], rates ? t.b.seconds : t.b.samples, rates);
      t.score = score;
      t.verdict = (i) => (Math.abs(score(i)) > options.critical ? Math.sign(score(i)) : 0);
    }
    Object.assign(this, {names: answer.names, fns: answer.fn, lines: answer.line});
    this.by = options.by;
    this.columns = t.a ? diffColumns(t) : plainColumns(t);
    const n = sides[0][0].length, order = [];
    const matches = (i) => !options.match || this.names || options.match[this.fn(i)];
    let all = 0;
    for (let i = 0; i < n; i++) {
      if (!made.some((side) => side.cum[i] > 0 || side.cumN[i] > 0)) continue;
      all++;
      if (!matches(i)) continue;
      if (t.a && options.only === 'slower' && !(t.verdict(i) > 0)) continue;
      if (t.a && options.only === 'faster' && !(t.verdict(i) < 0)) continue;
      order.push(i);
    }
    const [id, way] = (options.sort || (t.a ? 'change-' : 'self-')).split(/(?=[+-]$)/);
    const column = this.columns.find((c) => c.id === id) || (id === 'name' ? null : this.columns[0]);
    const sign = way === '+' ? 1 : -1;
    if (column) {
      const values = new Float64Array(n);
      for (const i of order) values[i] = column.value(i);
      order.sort((x, y) => sign * (values[x] - values[y]) || x - y);
    } else {
      const text = new Map(order.map((i) => [i, this.name(i)]));
      order.sort((x, y) => (text.get(x) < text.get(y) ? -1 : 1) * sign);
    }
    this.order = order;
    this.sort = [column ? column.id : 'name', sign];
    this.build(order.length);
    return {shown: order.length, all};
  }

  name(i) {
    const {functions} = this.host.meta();
    return this.names ? this.names[i].name : functions.name[this.fn(i)] || '(no name)';
  }
  fn(i) {
    return this.names ? undefined : this.fns ? this.fns[i] : i;
  }
  place(i) {
    const {functions} = this.host.meta(), fn = this.fn(i);
    if (fn === undefined) return '';
    const line = this.lines ? this.lines[i] : functions.line[fn];
    return baseOf(functions.file[fn]) + (line ? ':' + line : '');
  }

  build(count) {
    const head = element('tr', {'aria-rowindex': 1});
    const titles = [{id: 'name', title: 'Name', width: 0}, ...this.columns];
    for (const {id, title, width} of titles) {
      const sorted = this.sort[0] === id;
      const button = element('button', {}, title + (sorted ? (this.sort[1] < 0 ? ' ↓' : ' ↑') : ''));
      button.onclick = () => this.host.onSort(id + (sorted && this.sort[1] < 0 ? '+' : id === 'name' && !sorted ? '+' : '-'));
      head.append(element('th', {scope: 'col', class: id === 'name' ? 'name' : undefined,
        style: width ? `width:${width}px` : undefined,
        'aria-sort': sorted ? (this.sort[1] < 0 ? 'descending' : 'ascending') : 'none'}, button));
    }
    this.body = element('tbody');
    const table = element('table', {'aria-rowcount': count + 1, 'aria-label': 'Time by ' + this.by},
      element('thead', {}, head), this.body);
    this.box.replaceChildren(table);
    if (!count) this.box.append(element('p', {class: 'dim'}, 'No rows.'));
    this.from = this.to = -1;
    this.rows();
  }

  rows() {
    if (!this.body) return;
    const from = Math.max(0, Math.floor(this.box.scrollTop / ROW_HEIGHT) - 10);
    const to = Math.min(this.order.length, from + Math.ceil(this.box.clientHeight / ROW_HEIGHT) + 22);
    if (from === this.from && to === this.to) return;
    this.from = from;
    this.to = to;
    const gap = (rows) => element('tr', {'aria-hidden': 'true', style: `height:${rows * ROW_HEIGHT}px`});
    const rows = this.order.slice(from, to).map((i, at) => this.row(i, from + at));
    this.body.replaceChildren(gap(from), ...rows, gap(this.order.length - to));
  }

  row(i, at) {
    const name = element('td', {class: 'name', title: visible(this.name(i))});
    const fn = this.fn(i);
    if (fn !== undefined) name.append(element('i', {style: 'background:' + this.host.fill(fn)}));
    name.append(visible(this.name(i)), ' ', element('small', {}, visible(this.place(i))));
    const row = element('tr', {'aria-rowindex': at + 2, 'aria-selected': i === this.selected ? 'true' : 'false'}, name);
    for (const column of this.columns) {
      const bar = column.bar ? Math.min(1, column.bar(i)) : -1, kind = column.kind ? column.kind(i) : 0;
      row.append(element('td', {class: (bar >= 0 ? 'bar ' : '') + (kind > 0 ? 'more' : kind < 0 ? 'less' : ''),
        style: bar >= 0 ? `background-size:${(bar * 100).toFixed(1)}% 18px` : undefined}, column.text(i)));
    }
    row.onclick = () => this.select(i);
    row.ondblclick = () => this.host.onOpen(i);
    return row;
  }

  select(i, quiet) {
    this.selected = i;
    this.from = -1;
    this.rows();
    if (!quiet) this.host.onSelect(i);
  }

  key(event) {
    const at = this.order.indexOf(this.selected);
    const steps = {ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, Home: -1e9, End: 1e9};
    if (event.key === 'Enter' && at >= 0 && event.target === this.box) this.host.onOpen(this.selected);
    else if (steps[event.key] && !event.ctrlKey) {
      const next = Math.max(0, Math.min(this.order.length - 1, at + steps[event.key]));
      const y = next * ROW_HEIGHT, {scrollTop, clientHeight} = this.box;
      if (y < scrollTop) this.box.scrollTop = y;
      else if (y + 2 * ROW_HEIGHT > scrollTop + clientHeight) this.box.scrollTop = y + 3 * ROW_HEIGHT - clientHeight;
      if (this.order.length) this.select(this.order[next]);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // The first rows, for paper.
  printed(count) {
    const table = element('table', {}, element('thead', {}, element('tr', {},
      element('th', {class: 'name'}, 'Name'), ...this.columns.map((c) => element('th', {}, c.title)))));
    const body = element('tbody');
    this.order.slice(0, count).forEach((i) => body.append(element('tr', {},
      element('td', {class: 'name'}, visible(this.name(i)) + '  ' + visible(this.place(i))),
      ...this.columns.map((c) => element('td', {}, c.text(i))))));
    table.append(body);
    return table;
  }
}
