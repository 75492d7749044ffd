// From a tree to rectangles: level by level, what is narrower than a pixel merged.

const NARROW = 1;

class Rects {
  constructor() {
    this.n = 0;
    this.rowStart = [];
    this.x = new Float32Array(4096);
    this.w = new Float32Array(4096);
    this.node = new Int32Array(4096);
    this.small = new Int32Array(4096);
  }
  // small: 0, or how many siblings from `node` on are drawn as one.
  add(x, w, node, small) {
    if (this.n === this.x.length) {
      for (const name of ['x', 'w', 'node', 'small']) {
        const longer = new this[name].constructor(this.n * 2);
        longer.set(this[name]);
        this[name] = longer;
      }
    }
    this.x[this.n] = x;
    this.w[this.n] = w;
    this.node[this.n] = node;
    this.small[this.n++] = small;
  }
  rowEnd(row) {
    return row + 1 < this.rowStart.length ? this.rowStart[row + 1] : this.n;
  }
  // The rectangle at x of a row, or -1.
  at(row, x) {
    if (row < 0 || row >= this.rowStart.length) return -1;
    let low = this.rowStart[row], high = this.rowEnd(row);
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.x[middle] + this.w[middle] <= x) low = middle + 1; else high = middle;
    }
    return low < this.rowEnd(row) && this.x[low] <= x ? low : -1;
  }
}

const MOST = 1 << 20;

// Rectangles of `tree` below `top` in `width` pixels, its ancestors across the whole width above.
// `firstSmall`: show only the children of top from this one on (what was merged), or 0.
export function layOut(tree, top, width, firstSmall) {
  const rects = new Rects(), {first, next, weight, parent} = tree;
  const ancestors = [];
  for (let i = top; i > 0; i = parent[i]) ancestors.unshift(parent[i]);
  for (const node of ancestors) {
    rects.rowStart.push(rects.n);
    rects.add(0, width, node, 0);
  }
  rects.rowStart.push(rects.n);
  rects.add(0, width, top, 0);
  let whole = weight[top];
  if (firstSmall) {
    whole = 0;
    for (let c = firstSmall; c; c = next[c]) whole += weight[c];
  }
  if (!(whole > 0)) return {rects, scale: 0, zoomRow: ancestors.length};
  const scale = width / whole;
  for (let from = rects.n - 1, to = rects.n; from < to && rects.n < MOST;) {
    rects.rowStart.push(to);
    for (let r = from; r < to; r++) {
      if (rects.small[r]) continue;
      const node = rects.node[r];
      let x = rects.x[r];
      let c = node === top && firstSmall ? firstSmall : first[node];
      while (c) {
        const w = weight[c] * scale;
        if (w >= NARROW) {
          rects.add(x, w, c, 0);
          x += w;
          c = next[c];
          continue;
        }
        const run = c;
        let sum = 0, count = 0;
        for (; c && weight[c] * scale < NARROW; c = next[c], count++) sum += weight[c];
        if (sum * scale >= 0.3) rects.add(x, sum * scale, run, count);
        x += sum * scale;
      }
    }
    from = to;
    to = rects.n;
  }
  if (rects.rowStart[rects.rowStart.length - 1] === rects.n) rects.rowStart.pop();
  return {rects, scale, zoomRow: ancestors.length};
}
