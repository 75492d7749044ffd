// The flame graph: a canvas as large as the window, however deep the stacks.
import {on, sizeCanvas} from './dom.js';
import {css} from './color.js';
import {layOut} from './layout.js';

export const ROW = 20;
const FONT = '12px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif';

// Widths of text without asking the canvas for each name.
class Metrics {
  constructor(context) {
    this.context = context;
    this.known = new Map();
  }
  char(c) {
    let w = this.known.get(c);
    if (w === undefined) this.known.set(c, w = this.context.measureText(c).width);
    return w;
  }
  width(text) {
    let sum = 0;
    for (const c of text) sum += this.char(c);
    return sum;
  }
  // Loses its middle rather than its ends.
  fit(text, room) {
    const chars = [...text.slice(0, 400)];
    let left = 0, right = chars.length, space = room - this.char('…');
    while (left < right) {
      const fromLeft = (left + chars.length - right) % 2 === 0;
      const w = this.char(chars[fromLeft ? left : right - 1]);
      if (w > space) break;
      space -= w;
      if (fromLeft) left++; else right--;
    }
    return left < 2 ? '' : chars.slice(0, left).join('') + '…' + chars.slice(right).join('');
  }
}

export class Flame {
  // host: {label(tree, node) -> [name, module], fill(tree, node) -> {rgb, mark, hatch}, palette,
  // onPick(node, small), onHover(node, small), onMenu(node, x, y)}
  constructor(scroller, canvas, host) {
    Object.assign(this, {scroller, canvas, host});
    this.context = canvas.getContext('2d', {alpha: false});
    this.context.font = FONT;
    this.metrics = new Metrics(this.context);
    this.spacer = scroller.querySelector('.spacer');
    this.tree = null;
    this.top = 0;
    this.small = 0;
    this.hover = this.focus = -1;
    this.hits = null;
    this.up = false;
    on(scroller, 'scroll', () => this.redraw());
    on(canvas, 'mousemove', (event) => this.point(event));
    on(canvas, 'mouseleave', () => this.point(null));
    on(canvas, 'click', (event) => {
      const r = this.find(event);
      if (r >= 0) host.onPick(this, this.rects.node[r], this.rects.small[r]);
    });
    on(canvas, 'contextmenu', (event) => {
      const r = this.find(event);
      if (r < 0 || this.rects.small[r]) return;
      event.preventDefault();
      host.onMenu(this, this.rects.node[r], event.clientX, event.clientY);
    });
    new ResizeObserver(() => this.relayout()).observe(scroller);
  }

  setTree(tree, focus) {
    this.tree = tree;
    this.labels = new Map();
    this.hits = null;
    this.hover = -1;
    this.focus = focus;
    this.rects = null;  // until zoom()
  }

  zoom(top, small) {
    this.top = top;
    this.small = small;
    this.relayout();
    const y = Math.max(0, this.zoomRow - 2) * ROW;
    if (this.up) this.scroller.scrollTop = this.height - this.scroller.clientHeight - y;
    else this.scroller.scrollTop = y;
  }

  relayout() {
    if (!this.tree) return;
    const width = this.scroller.clientWidth, height = this.scroller.clientHeight;
    if (!width || !height) return;
    this.width = width;
    this.view = height;
    sizeCanvas(this.canvas, width, height);
    const laid = layOut(this.tree, this.top, width, this.small);
    this.rects = laid.rects;
    this.zoomRow = laid.zoomRow;
    this.height = Math.max(height, this.rects.rowStart.length * ROW + 4);
    this.spacer.style.height = this.height - height + 'px';
    this.draw();
  }

  redraw() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.draw();
    });
  }

  rowY(row) {
    return this.up ? this.height - (row + 1) * ROW : row * ROW;
  }

  draw() {
    if (!this.rects) return;
    const {context: g, rects, host, tree} = this, colors = host.palette();
    const scroll = this.scroller.scrollTop;
    g.fillStyle = css(colors.ground);
    g.fillRect(0, 0, this.width, this.view);
    g.font = FONT;
    g.textBaseline = 'middle';
    const rows = rects.rowStart.length;
    let fromRow = Math.floor(scroll / ROW), toRow = Math.ceil((scroll + this.view) / ROW);
    if (this.up) {
      [fromRow, toRow] = [Math.floor((this.height - scroll - this.view) / ROW) - 1,
        Math.ceil((this.height - scroll) / ROW)];
    }
    const texts = [];
    let style = '';
    const paint = (fill, x, y, w, h) => {
      if (fill !== style) g.fillStyle = style = fill;
      g.fillRect(x, y, w, h);
    };
    for (let row = Math.max(0, fromRow); row < Math.min(rows, toRow); row++) {
      const y = this.rowY(row) - scroll;
      for (let r = rects.rowStart[row], end = rects.rowEnd(row); r < end; r++) {
        const x = rects.x[r], w = rects.w[r], node = rects.node[r];
        const width = Math.max(0.5, w - (w > 2 ? 1 : 0));
        if (rects.small[r]) {
          paint(css(colors.merged), x, y + 2, width, ROW - 5);
          if (w > 60) texts.push([r, x, y, w, colors.ground, `${rects.small[r]} small`]);
          continue;
        }
        const hit = this.hits && this.hits[node], fill = host.fill(tree, node);
        paint(hit ? css(colors.hit) : fill.css, x, y, width, ROW - 1);
        if (fill.hatch && w > 4) this.hatch(x, y, width, css(colors.ground, 0.55));
        if (hit && w > 3) {
          g.strokeStyle = css(colors.hitText, 0.75);
          g.strokeRect(x + 0.5, y + 0.5, width - 1, ROW - 2);
        }
        if (w > 24) texts.push([r, x, y, w, hit ? colors.hitText : colors.text, '', fill]);
      }
    }
    for (const [r, x, y, w, color, said, fill] of texts) {
      const label = said || this.labelFor(rects.node[r], w - 8, fill.mark);
      if (!label) continue;
      const ink = css(color);
      if (ink !== style) g.fillStyle = style = ink;
      if (fill && fill.hatch) this.plate(x + 3, y, label, fill.css, ink);
      g.fillText(label, Math.max(x, 0) + 4, y + ROW / 2);
    }
    this.outline(this.hover, colors.ink, 1.5, scroll);
    this.outline(this.focus, colors.accent, 2.5, scroll);
  }

  hatch(x, y, w, color) {
    const g = this.context;
    g.save();
    g.beginPath();
    g.rect(x, y, w, ROW - 1);
    g.clip();
    g.strokeStyle = color;
    g.lineWidth = 2;
    g.beginPath();
    for (let at = x - ROW; at < x + w; at += 8) {
      g.moveTo(at, y + ROW);
      g.lineTo(at + ROW, y);
    }
    g.stroke();
    g.restore();
  }

  // Text on hatching needs its own ground.
  plate(x, y, label, ground, ink) {
    const g = this.context;
    g.fillStyle = ground;
    g.fillRect(x, y + 2, this.metrics.width(label) + 2, ROW - 5);
    g.fillStyle = ink;
  }

  // The module goes first, then the middle of the name.
  labelFor(node, room, mark) {
    const key = node * 4096 + Math.min(4095, Math.floor(room / 2));
    let label = this.labels.get(key);
    if (label === undefined) {
      let [name, module] = this.host.label(this.tree, node);
      if (mark) name = mark + ' ' + name;
      const long = module ? name + '  ' + module : name;
      label = this.metrics.width(long) <= room ? long :
        this.metrics.width(name) <= room ? name : this.metrics.fit(name, room);
      if (this.labels.size > 50000) this.labels.clear();
      this.labels.set(key, label);
    }
    return label;
  }

  outline(node, color, width, scroll) {
    const place = this.place(node);
    if (!place) return;
    const g = this.context;
    g.strokeStyle = css(color);
    g.lineWidth = width;
    g.strokeRect(place.x + width / 2, this.rowY(place.row) - scroll + width / 2 - 0.5,
      Math.max(1, place.w - width - 0.5), ROW - width);
    g.lineWidth = 1;
  }

  depth(node) {
    let row = 0;
    for (let i = node; i > 0; i = this.tree.parent[i]) row++;
    return row;
  }

  // Where a node is drawn: {x, w, row}, or null.
  place(node) {
    if (node < 0 || !this.rects || node >= this.tree.n) return null;
    const row = this.depth(node);
    for (let r = this.rects.rowStart[row], end = this.rects.rowEnd(row); r < end; r++) {
      if (this.rects.node[r] === node && !this.rects.small[r]) {
        return {x: this.rects.x[r], w: this.rects.w[r], row};
      }
    }
    return null;
  }

  find(event) {
    if (!this.rects) return -1;
    const box = this.canvas.getBoundingClientRect();
    const y = event.clientY - box.top + this.scroller.scrollTop;
    const row = this.up ? Math.floor((this.height - y) / ROW) : Math.floor(y / ROW);
    return this.rects.at(row, event.clientX - box.left);
  }

  point(event) {
    const r = event ? this.find(event) : -1;
    const node = r < 0 ? -1 : this.rects.node[r], small = r < 0 ? 0 : this.rects.small[r];
    this.canvas.style.cursor = r < 0 ? 'default' : 'pointer';
    if (node === this.hover && small === this.hoverSmall) return;
    this.hover = small ? -1 : node;
    this.hoverSmall = small;
    this.host.onHover(this, node, small);
    this.redraw();
  }

  setFocus(node) {
    this.focus = node;
    const place = this.place(node);
    if (place) {
      const y = this.rowY(place.row), {scrollTop} = this.scroller;
      if (y < scrollTop) this.scroller.scrollTop = y - ROW;
      else if (y + ROW > scrollTop + this.view) this.scroller.scrollTop = y + 2 * ROW - this.view;
    }
    this.redraw();
  }

  // The frame that an arrow key leads to, or -1. Only what is drawn by itself.
  neighbour(direction) {
    const {rects, focus} = this;
    const place = this.place(focus);
    if (!place) return this.top;
    if (this.up && direction !== 'left' && direction !== 'right') {
      direction = direction === 'up' ? 'down' : 'up';
    }
    if (direction === 'up') return focus > 0 ? this.tree.parent[focus] : -1;
    const {row} = place;
    if (direction === 'down') {
      if (row + 1 >= rects.rowStart.length) return -1;
      for (let r = rects.rowStart[row + 1]; r < rects.rowEnd(row + 1); r++) {
        if (!rects.small[r] && this.tree.parent[rects.node[r]] === focus) return rects.node[r];
      }
      return -1;
    }
    const step = direction === 'left' ? -1 : 1;
    for (let r = rects.rowStart[row]; r < rects.rowEnd(row); r++) {
      if (rects.node[r] !== focus) continue;
      for (let o = r + step; o >= rects.rowStart[row] && o < rects.rowEnd(row); o += step) {
        if (!rects.small[o]) return rects.node[o];
      }
    }
    return -1;
  }
}
