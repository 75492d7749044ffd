// Trees of merged frames, as typed arrays whose nodes stand level by level, siblings together.

// From so many children on a parent's are found by hash; below, one after the other.
const FEW = 8;
// In place of the one source of a node's children.
const SEVERAL = -1, HASHED = -2;

const COLUMNS = ['parent', 'key', 'last', 'before', 'source'];

// Children found by (parent, key), nodes made as they are met: parents before children.
class Builder {
  // `most`: of nodes, or 0 where that is not known.
  constructor(diff, most) {
    this.n = 1;
    this.capacity = most || 4096;
    for (const name of COLUMNS) this[name] = new Int32Array(this.capacity);
    this.fold = new Uint16Array(this.capacity);
    this.values = Array.from({length: diff ? 6 : 3}, () => new Float64Array(this.capacity));
    this.parent[0] = this.key[0] = -1;
    this.table = new Int32Array(4096);
    this.hashed = 0;
  }
  grow() {
    this.capacity *= 2;
    const longer = (array) => {
      const out = new array.constructor(this.capacity);
      out.set(array);
      return out;
    };
    for (const name of [...COLUMNS, 'fold']) this[name] = longer(this[name]);
    this.values = this.values.map(longer);
  }
  slot(parent, key) {
    const h = Math.imul(parent, 0x9e3779b1) ^ Math.imul(key + 1, 0x85ebca6b);
    return (h ^ (h >>> 15)) & (this.table.length - 1);
  }
  insert(id) {
    if (this.hashed++ > this.table.length / 2) {
      const old = this.table;
      this.table = new Int32Array(old.length * 4);
      for (const each of old) if (each) this.put(each);
    }
    this.put(id);
  }
  put(id) {
    const mask = this.table.length - 1;
    let slot = this.slot(this.parent[id], this.key[id]);
    while (this.table[slot]) slot = (slot + 1) & mask;
    this.table[slot] = id;
  }
  // Among the children of several sources.
  find(parent, key) {
    let id = this.last[parent];
    if (this.source[parent] !== HASHED) {
      this.source[parent] = SEVERAL;
      let tried = 0;
      for (; id && tried < FEW; id = this.before[id], tried++) if (this.key[id] === key) return id;
      if (!id) return 0;
      this.source[parent] = HASHED;
      for (id = this.last[parent]; id; id = this.before[id]) this.insert(id);
    }
    const mask = this.table.length - 1;
    for (let slot = this.slot(parent, key); (id = this.table[slot]); slot = (slot + 1) & mask) {
      if (this.parent[id] === parent && this.key[id] === key) return id;
    }
    return 0;
  }
  // `source`: whose child it was. Children of one source come sorted, so that equal ones follow
  // each other and need no search; SEVERAL, where they do not.
  child(parent, key, source) {
    let id = this.last[parent];
    if (id && this.key[id] === key) return id;
    if (!id) this.source[parent] = source;
    else if (source < 0 || this.source[parent] !== source) {
      if ((id = this.find(parent, key))) return id;
    }
    if (this.n === this.capacity) this.grow();
    id = this.n++;
    this.parent[id] = parent;
    this.key[id] = key;
    this.before[id] = this.last[parent];
    this.last[parent] = id;
    if (this.source[parent] === HASHED) this.insert(id);
    return id;
  }
}

// The tree as the views take it: a node's children are first[node], next[that], … in the order in
// which they are drawn, up to 0. values: [total, self, count] of side A, in a difference those of
// B after them; totals are made here from selves. `pairs`: how A and B make one width, {a, b}.
function finish(builder, pairs, rank, cumulative) {
  // What is mostly empty is given back.
  const n = builder.n, cut = (array) => (n > builder.capacity / 2 ? array.subarray(0, n) : array.slice(0, n));
  const parent = cut(builder.parent), key = cut(builder.key), next = cut(builder.before);
  const first = cut(builder.last), values = builder.values.map(cut);
  if (!cumulative) {
    for (let v = 0; v < values.length; v += 3) {
      const total = values[v], count = values[v + 2];
      total.set(values[v + 1]);
      for (let i = n - 1; i > 0; i--) {
        const above = parent[i];
        total[above] += total[i];
        count[above] += count[i];
      }
    }
  }
  let weight = values[0];
  if (pairs) {
    weight = new Float64Array(n);
    for (let i = 0; i < n; i++) weight[i] = values[0][i] * pairs.a + values[3][i] * pairs.b;
  }
  // Siblings by weight or by name; none without weight.
  const compare = rank ? (x, y) => rank[key[x]] - rank[key[y]] :
    (x, y) => weight[y] - weight[x] || key[x] - key[y];
  let row = new Int32Array(64);
  for (let at = 0; at < n; at++) {
    let kids = 0, child = first[at];
    if (!child) continue;
    if (!next[child] && weight[child] > 0) continue;
    for (; child; child = next[child]) {
      if (!(weight[child] > 0)) continue;
      if (kids === row.length) {
        const longer = new Int32Array(kids * 2);
        longer.set(row);
        row = longer;
      }
      row[kids++] = child;
    }
    if (kids > 16) row.subarray(0, kids).sort(compare);
    else {
      for (let i = 1; i < kids; i++) {
        const moved = row[i];
        let j = i;
        for (; j && compare(row[j - 1], moved) > 0; j--) row[j] = row[j - 1];
        row[j] = moved;
      }
    }
    first[at] = kids ? row[0] : 0;
    for (let i = 0; i < kids; i++) next[row[i]] = i + 1 < kids ? row[i + 1] : 0;
  }
  return {n, parent, key, first, next, fold: cut(builder.fold), weight, values};
}

// The tree from the outermost frame inwards. `sides`: one or two results of weigh(); options:
// {keys: by location, hidden, start: flags by location or null, fold, rank, pairs}. `map` is each
// node's place in the tree, -1 for none.
export function downTree(store, sides, options) {
  const {parent, loc} = store, n = parent.length, {keys, hidden, start, fold} = options;
  const builder = new Builder(sides.length > 1, n), map = new Int32Array(n).fill(-1);
  const run = fold ? new Uint16Array(n) : null, {used} = sides[0], alsoUsed = sides[1] && sides[1].used;
  const sorted = !hidden && !start && sides.length < 2;
  if (!start) map[0] = 0;
  for (let i = 1; i < n; i++) {
    if (!used[i] && !(alsoUsed && alsoUsed[i])) continue;
    let above = map[parent[i]];
    const at = loc[i];
    if (at < 0 || (hidden && hidden[at] && !(start && above < 0))) {
      map[i] = above;
      if (fold) run[i] = run[parent[i]];
      continue;
    }
    if (above < 0) {
      if (!start[at]) continue;
      above = 0;
    }
    const key = keys[at];
    if (fold && above && builder.key[above] === key) {
      map[i] = above;
      run[i] = Math.min(32767, run[parent[i]] + 1);
      if (builder.fold[above] < run[i]) builder.fold[above] = run[i];
      continue;
    }
    map[i] = builder.child(above, key, sorted ? parent[i] : SEVERAL);
  }
  sides.forEach((side, s) => {
    const into = builder.values[s * 3 + 1], count = builder.values[s * 3 + 2];
    for (let i = 0; i < n; i++) {
      if (map[i] < 0 || !side.count[i]) continue;
      into[map[i]] += side.self[i];
      count[map[i]] += side.count[i];
    }
  });
  return {tree: finish(builder, options.pairs, options.rank, false), map};
}

// The tree from the innermost frame outwards, made level by level. Only nodes heavier than
// `least` × the whole go on; below `path` (keys), than `least` × the path's end.
// `from`: flags by location to begin at, or null for where time is spent.
export function callersTree(store, sides, options, path, least) {
  const {parent, loc} = store, n = parent.length, {keys, hidden, from, fold} = options;
  const builder = new Builder(sides.length > 1, 0);
  const totals = sides.map((side) => ({self: side.self, count: side.count}));
  if (from) {
    const inside = nodesWithin(store, from);
    totals.forEach((t, s) => {
      const self = t.self.slice(), count = t.count.slice();
      for (let i = n - 1; i > 0; i--) {
        self[parent[i]] += self[i];
        count[parent[i]] += count[i];
      }
      for (let i = 0; i < n; i++) if (inside[i] !== 2) self[i] = count[i] = 0;
      totals[s] = {self, count};
    });
  }
  // Walkers: where each is, whose child it is next, and where it came from.
  let walkers = 0, nodes = new Int32Array(n), owners = new Int32Array(n), origins = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    if (totals.some((t) => t.count[i] > 0)) nodes[walkers] = origins[walkers++] = i;
  }
  const credit = (id, origin) => {
    for (let s = 0; s < totals.length; s++) {
      builder.values[s * 3][id] += totals[s].self[origin];
      builder.values[s * 3 + 2][id] += totals[s].count[origin];
    }
  };
  for (let c = 0; c < walkers; c++) credit(0, origins[c]);
  const weightOf = ({values}, id) => (options.pairs ?
    values[0][id] * options.pairs.a + values[3][id] * options.pairs.b : values[0][id]);
  const limit = weightOf(builder, 0) * least, limits = new Map();
  for (let depth = 0, onPath = 0; walkers; depth++) {
    const made = builder.n;
    let going = 0;
    for (let c = 0; c < walkers; c++) {
      const owner = owners[c], origin = origins[c];
      let node = nodes[c], run = 0;
      // Hidden frames and direct recursion take no level of their own.
      for (; node > 0; node = parent[node]) {
        const at = loc[node];
        if (at < 0 || (hidden && hidden[at])) continue;
        if (!fold || !owner || keys[at] !== builder.key[owner]) break;
        run++;
      }
      if (run > builder.fold[owner]) builder.fold[owner] = Math.min(32767, run);
      if (node <= 0) {
        for (let s = 0; s < totals.length; s++) builder.values[s * 3 + 1][owner] += totals[s].self[origin];
        continue;
      }
      const id = builder.child(owner, keys[loc[node]], SEVERAL);
      credit(id, origin);
      nodes[going] = parent[node];
      owners[going] = id;
      origins[going++] = origin;
    }
    // The path's next step; what is below its end is measured by it.
    let found = -1;
    for (let id = made; id < builder.n; id++) {
      if (limits.has(builder.parent[id])) limits.set(id, limits.get(builder.parent[id]));
      if (depth < path.length && builder.parent[id] === onPath && builder.key[id] === path[depth]) found = id;
    }
    onPath = found;
    if (found >= 0 && depth === path.length - 1) limits.set(found, weightOf(builder, found) * least);
    walkers = 0;
    for (let c = 0; c < going; c++) {
      const id = owners[c];
      if (id !== onPath && weightOf(builder, id) < (limits.has(id) ? limits.get(id) : limit)) {
        builder.fold[id] |= 32768;  // not followed further
        continue;
      }
      nodes[walkers] = nodes[c];
      owners[walkers] = id;
      origins[walkers++] = origins[c];
    }
  }
  return finish(builder, options.pairs, options.rank, true);
}

// 2 for outermost nodes that match, 1 for nodes below them.
export function nodesWithin(store, match) {
  const {parent, loc} = store, inside = new Uint8Array(parent.length);
  for (let i = 1; i < inside.length; i++) {
    if (inside[parent[i]]) inside[i] = 1;
    else if (loc[i] >= 0 && match[loc[i]]) inside[i] = 2;
  }
  return inside;
}
