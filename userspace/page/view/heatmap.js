// When samples fell, and the range or the two ranges that are looked at: a canvas as large as is seen of
// it, however many threads have rows.
import {on, sizeCanvas} from './dom.js';
import {css} from './color.js';
import {clock, cores, percent, seconds, visible} from './format.js';

const NAMES = 150, AXIS = 18, MOST_HIGH = 170;

export class Heatmap {
  // host: {palette(), state(), onRange(range, range2), onRow(row), say(text), origin: ms}
  constructor(box, canvas, host) {
    Object.assign(this, {box, canvas, host});
    this.context = canvas.getContext('2d', {alpha: false});
    this.spacer = box.querySelector('.spacer');
    this.data = null;
    this.drag = null;
    this.cursor = 0;
    on(canvas, 'mousedown', (event) => this.down(event));
    on(window, 'mousemove', (event) => this.move(event));
    on(window, 'mouseup', () => this.release());
    on(canvas, 'keydown', (event) => this.key(event));
    on(box, 'scroll', () => this.draw());
    new ResizeObserver(() => this.draw()).observe(box);
  }

  set(data) {
    this.data = data;
    this.most = data ? data.cells.reduce((most, value) => Math.max(most, value), 0) : 0;
    this.draw();
  }

  // How many columns would fit.
  columns() {
    return Math.max(10, Math.floor((this.box.clientWidth - this.left()) / 3));
  }
  left() {
    return this.host.state().heat === 'heat' ? 0 : NAMES;
  }

  draw() {
    if (!this.data) return;
    const {rows, columns, names} = this.data, colors = this.host.palette(), g = this.context;
    const left = this.left(), rowHeight = names ? 15 : 80 / rows;
    const whole = rows * rowHeight + AXIS, height = Math.min(whole, MOST_HIGH);
    this.box.style.height = height + 'px';
    this.spacer.style.height = whole - height + 'px';
    const width = this.box.clientWidth, cell = (width - left) / columns;
    if (!width) return;
    this.geometry = {left, cell, rowHeight, width, height};
    sizeCanvas(this.canvas, width, height);
    g.fillStyle = css(colors.ground);
    g.fillRect(0, 0, width, height);
    g.font = '11px system-ui, sans-serif';
    g.textBaseline = 'middle';
    const scroll = this.box.scrollTop, end = Math.min(rows, (scroll + height - AXIS) / rowHeight);
    for (let at = Math.floor(scroll / rowHeight); at < end; at++) {
      const y = at * rowHeight - scroll;
      if (names) this.name(names[at], y);
      this.row(names ? at : rows - 1 - at, y);
    }
    this.axis();
    const {range, range2} = this.host.state();
    this.band(range, colors.accent, 'A', range2);
    this.band(range2, colors.second, 'B', range);
    if (document.activeElement === this.canvas && !range) {
      g.strokeStyle = css(colors.accent);
      g.strokeRect(left + this.cursor * cell, 0.5, cell, height - AXIS - 1);
    }
  }

  name({name, id}, y) {
    const {left, rowHeight} = this.geometry;
    this.context.fillStyle = css(this.host.palette().ink);
    this.context.fillText(visible(name).slice(0, 18) + ' ' + id, 2, y + rowHeight / 2, left - 8);
  }

  row(row, y) {
    const {cells, lit, columns} = this.data, {left, cell, rowHeight} = this.geometry;
    const g = this.context, colors = this.host.palette();
    const w = Math.max(0.7, cell - (cell > 4 ? 1 : 0)), h = rowHeight - (rowHeight > 4 ? 1 : 0);
    for (let column = 0; column < columns; column++) {
      const value = cells[row * columns + column];
      if (!value) continue;
      const heat = Math.pow(value / this.most, 0.8), part = lit ? lit[row * columns + column] / value : 0;
      g.fillStyle = css(lit ? colors.ink : colors.accent, (lit ? 0.06 : 0.12) + heat * (lit ? 0.3 : 0.88));
      g.fillRect(left + column * cell, y, w, h);
      if (part > 0) {
        g.fillStyle = css(colors.second, 0.25 + 0.75 * Math.sqrt(part * heat * heat));
        g.fillRect(left + column * cell, y, w, h);
      }
    }
  }

  // Below the rows, which it covers where they are scrolled.
  axis() {
    const {left, cell, width, height} = this.geometry, {columns, seconds: step} = this.data;
    const g = this.context, colors = this.host.palette();
    g.fillStyle = css(colors.ground);
    g.fillRect(0, height - AXIS, width, AXIS);
    g.fillStyle = css(colors.ink, 0.8);
    const every = Math.max(1, Math.ceil(90 / cell));
    for (let x = 0; x < columns; x += every) {
      const label = clock(this.host.origin + x * step * 1000, this.host.state().utc);
      g.fillRect(left + x * cell, height - AXIS, 1, 4);
      if (left + x * cell + 60 < width) g.fillText(label.slice(0, 8), left + x * cell + 3, height - 8);
    }
  }

  band(range, color, name, other) {
    if (!range) return;
    const g = this.context, {height} = this.geometry, [x0, x1] = range.map((ms) => this.x(ms));
    g.fillStyle = css(color, 0.14);
    g.fillRect(x0, 0, x1 - x0, height - AXIS);
    g.strokeStyle = css(color);
    g.lineWidth = 2;
    g.strokeRect(x0, 1, Math.max(2, x1 - x0), height - AXIS - 2);
    g.lineWidth = 1;
    if (other) {
      g.fillStyle = css(color);
      g.fillRect(x0, 0, 15, 14);
      g.fillStyle = css(this.host.palette().text);
      g.fillText(name, x0 + 4, 7.5);
    }
  }

  x(ms) {
    const {left, cell} = this.geometry;
    return left + ((ms - this.host.origin) / 1000 / this.data.seconds) * cell;
  }
  column(event) {
    const {left, cell} = this.geometry, box = this.canvas.getBoundingClientRect();
    return Math.max(0, Math.min(this.data.columns - 1, Math.floor((event.clientX - box.left - left) / cell)));
  }
  span(a, b) {
    const step = this.data.seconds * 1000;
    return [this.host.origin + Math.min(a, b) * step, this.host.origin + (Math.max(a, b) + 1) * step];
  }

  down(event) {
    if (!this.data || event.button) return;
    const box = this.canvas.getBoundingClientRect();
    if (event.clientX - box.left < this.geometry.left) {
      const {rowHeight, height} = this.geometry, y = event.clientY - box.top;
      const row = this.data.names?.[Math.floor((y + this.box.scrollTop) / rowHeight)];
      if (row && y < height - AXIS) this.host.onRow(row);
      return;
    }
    this.drag = {from: this.column(event), second: event.ctrlKey || event.metaKey, moved: false};
  }

  move(event) {
    if (!this.data) return;
    if (!this.drag) {
      if (event.target === this.canvas && this.geometry) this.tell(this.column(event));
      return;
    }
    const to = this.column(event);
    this.drag.moved = this.drag.moved || to !== this.drag.from;
    this.drag.range = this.span(this.drag.from, to);
    this.preview(this.drag.range);
  }

  preview(range) {
    this.draw();
    const colors = this.host.palette();
    this.band(range, this.drag.second ? colors.second : colors.accent, '', null);
    this.host.say(`${clock(range[0], this.host.state().utc)} – ${clock(range[1], this.host.state().utc)}` +
      ` (${seconds((range[1] - range[0]) / 1000)})`);
  }

  release() {
    if (!this.drag) return;
    const {from, second} = this.drag, range = this.drag.range || this.span(from, from);
    this.drag = null;
    const state = this.host.state();
    if (second) this.host.onRange(state.range || this.span(0, this.data.columns - 1), range);
    else this.host.onRange(range, null);
  }

  tell(column) {
    const {cells, lit, rows, columns, seconds: step} = this.data;
    let sum = 0, matched = 0;
    for (let y = 0; y < rows; y++) {
      sum += cells[y * columns + column];
      if (lit) matched += lit[y * columns + column];
    }
    this.host.say(`${clock(this.host.origin + column * step * 1000, this.host.state().utc, true)}, ` +
      `${seconds(step)}: ${cores(sum / step)}` + (lit && sum ? `, ${percent(matched / sum)} lit` : ''));
  }

  // Arrows move the range by a column, with Shift its end; Enter begins one.
  key(event) {
    if (!this.data) return;
    const {range, range2} = this.host.state(), step = this.data.seconds * 1000;
    const way = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (!way && event.key !== 'Enter') return;
    if (event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Enter') {
      this.host.onRange(this.span(this.cursor, this.cursor), null);
      return;
    }
    const end = this.host.origin + this.data.columns * step;
    if (!range) {
      this.cursor = Math.max(0, Math.min(this.data.columns - 1, this.cursor + way));
      this.tell(this.cursor);
      this.draw();
      return;
    }
    const moved = event.ctrlKey && !range2 ? range : event.ctrlKey ? range2 : range;
    let [from, to] = moved;
    to += way * step;
    if (!event.shiftKey) from += way * step;
    if (from < this.host.origin || to > end || to <= from) return;
    if (event.ctrlKey) this.host.onRange(range, [from, to]);
    else this.host.onRange([from, to], range2);
  }
}

// "12:30:05.250", "2026-05-04 12:30:05", or seconds since the start: "90", "+1m30s". Null if none.
export function parseTime(text, origin, utc) {
  text = text.trim();
  if (/^\+?[\d.]+s?$/.test(text)) return origin + parseFloat(text.replace('+', '')) * 1000;
  const span = /^\+?(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?$/.exec(text);
  if (span && text.length > 1) {
    return origin + ((+span[1] || 0) * 3600 + (+span[2] || 0) * 60 + (+span[3] || 0)) * 1000;
  }
  const found = /^(?:(\d{4})-(\d\d)-(\d\d)[ T])?(\d\d?):(\d\d)(?::(\d\d(?:\.\d+)?))?$/.exec(text);
  if (!found) return null;
  const day = new Date(origin), s = +(found[6] || 0);
  const date = found[1] ? [+found[1], found[2] - 1, +found[3]] :
    utc ? [day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate()] :
      [day.getFullYear(), day.getMonth(), day.getDate()];
  const parts = [...date, +found[4], +found[5], Math.floor(s), Math.round((s % 1) * 1000)];
  return utc ? Date.UTC(...parts) : new Date(...parts).getTime();
}
