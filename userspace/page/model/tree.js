// Trees of merged frames, as typed arrays whose nodes stand level by level, siblings together.

// Children found by (parent, key), nodes made as they are met: parents before children.
class Builder {
  constructor(expected, diff) {
    this.n = 1;
    this.capacity = 1024;
    this.parent = new Int32Array(1024);
    this.key = new Int32Array(1024);
    this.fold = new Uint16Array(1024);
    this.values = Array.from({length: diff ? 6 : 3}, () => new Float64Array(1024));
    this.parent[0] = this.key[0] = -1;
    let size = 4096;
    while (size < expected * 1.5) size *= 2;
    this.table = new Int32Array(size);
  }
  grow() {
    this.capacity *= 2;
    const longer = (array) => {
      const out = new array.constructor(this.capacity);
      out.set(array);
      return out;
    };
    this.parent = longer(this.parent);
    this.key = longer(this.key);
    this.fold = longer(this.fold);
    this.values = this.values.map(longer);
    if (this.capacity * 1.3 < this.table.length) return;
    this.table = new Int32Array(this.table.length * 2);
    const mask = this.table.length - 1;
    for (let i = 1; i < this.n; i++) {
      let slot = this.hash(this.parent[i], this.key[i]) & mask;
      while (this.table[slot]) slot = (slot + 1) & mask;
      this.table[slot] = i;
    }
  }
  hash(parent, key) {
    const h = Math.imul(parent, 0x9e3779b1) ^ Math.imul(key + 1, 0x85ebca6b);
    return h ^ (h >>> 15);
  }
  child(parent, key) {
    const mask = this.table.length - 1;
    let slot = this.hash(parent, key) & mask, id;
    while ((id = this.table[slot])) {
      if (this.parent[id] === parent && this.key[id] === key) return id;
      slot = (slot + 1) & mask;
    }
    if (this.n === this.capacity) {
      this.grow();
      return this.child(parent, key);
    }
    this.table[slot] = id = this.n++;
    this.parent[id] = parent;
    this.key[id] = key;
    return id;
  }
}

// values: [total, self, count] of side A, in a difference those of B after them; totals are made
// here from selves. `pairs` says how A and B make one width: {a, b}, factors.
function finish(builder, pairs, rank, cumulative) {
  const n = builder.n, {parent, values} = builder;
  if (!cumulative) {
    for (let v = 0; v < values.length; v += 3) {
      const total = values[v], self = values[v + 1], count = values[v + 2];
      for (let i = 0; i < n; i++) total[i] = self[i];
      for (let i = n - 1; i > 0; i--) {
        total[parent[i]] += total[i];
        count[parent[i]] += count[i];
      }
    }
  }
  const weight = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    weight[i] = pairs ? values[0][i] * pairs.a + values[3][i] * pairs.b : values[0][i];
  }
  // Breadth first; siblings by weight or by name.
  const start = new Int32Array(n + 1), bucket = new Int32Array(n);
  for (let i = 1; i < n; i++) start[parent[i] + 1]++;
  for (let i = 0; i < n; i++) start[i + 1] += start[i];
  const fill = start.slice();
  for (let i = 1; i < n; i++) bucket[fill[parent[i]]++] = i;
  const before = rank ? (x, y) => rank[builder.key[x]] - rank[builder.key[y]] :
    (x, y) => weight[y] - weight[x] || builder.key[x] - builder.key[y];
  const old = new Int32Array(n), first = new Int32Array(n + 1);
  let end = 1;
  for (let at = 0; at < n; at++) {
    const from = start[old[at]], to = start[old[at] + 1];
    first[at] = end;
    if (to - from > 12) bucket.subarray(from, to).sort(before);
    else {
      for (let i = from + 1; i < to; i++) {
        const moved = bucket[i];
        let j = i;
        for (; j > from && before(bucket[j - 1], moved) > 0; j--) bucket[j] = bucket[j - 1];
        bucket[j] = moved;
      }
    }
    for (let i = from; i < to; i++) if (weight[bucket[i]] > 0) old[end++] = bucket[i];
  }
  first[end] = end;
  const made = end, fresh = new Int32Array(n).fill(-1);
  for (let i = 0; i < made; i++) fresh[old[i]] = i;
  const take = (array, Type) => {
    const out = new Type(made);
    for (let i = 0; i < made; i++) out[i] = array[old[i]];
    return out;
  };
  const tree = {n: made, first: first.slice(0, made + 1), key: take(builder.key, Int32Array),
    fold: take(builder.fold, Uint16Array), parent: take(parent, Int32Array),
    weight: take(weight, Float64Array), values: values.map((v) => take(v, Float64Array))};
  for (let i = 1; i < made; i++) tree.parent[i] = fresh[tree.parent[i]];
  return {tree, fresh};
}

// The tree from the outermost frame inwards. `sides`: one or two results of weigh(); options:
// {keys: by location, hidden, start: flags by location or null, fold, rank, pairs}. `map` is each
// node's place in the tree, -1 for none.
export function downTree(store, sides, options) {
  const {parent, loc} = store, n = parent.length, {keys, hidden, start, fold} = options;
  const used = new Uint8Array(n);
  for (const side of sides) for (let i = 0; i < n; i++) if (side.self[i]) used[i] = 1;
  for (let i = n - 1; i > 0; i--) if (used[i]) used[parent[i]] = 1;
  const builder = new Builder(n, sides.length > 1), map = new Int32Array(n).fill(-1);
  const run = fold ? new Uint16Array(n) : null;
  if (!start) map[0] = 0;
  for (let i = 1; i < n; i++) {
    if (!used[i]) continue;
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
    map[i] = builder.child(above, key);
  }
  sides.forEach((side, s) => {
    const self = () => builder.values[s * 3 + 1], count = builder.values[s * 3 + 2];
    const into = self();
    for (let i = 0; i < n; i++) {
      if (map[i] < 0 || !side.count[i]) continue;
      into[map[i]] += side.self[i];
      count[map[i]] += side.count[i];
    }
  });
  const {tree, fresh} = finish(builder, options.pairs, options.rank, false);
  for (let i = 0; i < n; i++) if (map[i] >= 0) map[i] = fresh[map[i]];
  return {tree, map};
}

// The tree from the innermost frame outwards, made level by level. Only nodes heavier than
// `least` × the whole go on; below `path` (keys), than `least` × the path's end.
// `from`: flags by location to begin at, or null for where time is spent.
export function callersTree(store, sides, options, path, least) {
  const {parent, loc} = store, n = parent.length, {keys, hidden, from, fold} = options;
  const builder = new Builder(4096, sides.length > 1), values = () => builder.values;
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
  let nodes = [], owners = [], origins = [];
  for (let i = 0; i < n; i++) {
    if (totals.some((t) => t.self[i] > 0 || t.count[i] > 0)) {
      nodes.push(i);
      owners.push(0);
      origins.push(i);
    }
  }
  const credit = (id, origin) => totals.forEach((t, s) => {
    values()[s * 3][id] += t.self[origin];
    values()[s * 3 + 2][id] += t.count[origin];
  });
  for (const origin of origins) credit(0, origin);
  const weightOf = (id) => options.pairs ?
    values()[0][id] * options.pairs.a + values()[3][id] * options.pairs.b : values()[0][id];
  let onPath = 0, limit = weightOf(0) * least, depth = 0;
  const limits = new Map();
  while (nodes.length) {
    const nextNodes = [], nextOwners = [], nextOrigins = [];
    const made = builder.n;
    for (let c = 0; c < nodes.length; c++) {
      let node = nodes[c], owner = owners[c];
      // Hidden frames and direct recursion take no level of their own.
      let run = 0;
      while (node > 0 && (loc[node] < 0 || (hidden && hidden[loc[node]]) ||
             (fold && owner && keys[loc[node]] === builder.key[owner]))) {
        if (loc[node] >= 0 && !(hidden && hidden[loc[node]])) run++;
        node = parent[node];
      }
      if (run > builder.fold[owner]) builder.fold[owner] = Math.min(32767, run);
      if (node <= 0) {
        totals.forEach((t, s) => { values()[s * 3 + 1][owner] += t.self[origins[c]]; });
        continue;
      }
      const id = builder.child(owner, keys[loc[node]]);
      credit(id, origins[c]);
      nextNodes.push(parent[node]);
      nextOwners.push(id);
      nextOrigins.push(origins[c]);
    }
    // The path's next step, and who goes on.
    if (onPath >= 0 && depth < path.length) {
      let found = -1;
      for (let id = made; id < builder.n; id++) {
        if (builder.parent[id] === onPath && builder.key[id] === path[depth]) found = id;
      }
      onPath = found;
      if (found >= 0 && depth === path.length - 1) {
        limits.set(found, weightOf(found) * least);
      }
    }
    nodes = [], owners = [], origins = [];
    for (let id = made; id < builder.n; id++) {
      if (limits.has(builder.parent[id])) limits.set(id, limits.get(builder.parent[id]));
    }
    for (let c = 0; c < nextNodes.length; c++) {
      const id = nextOwners[c];
      const least = limits.has(id) ? limits.get(id) : limit;
      if (id !== onPath && weightOf(id) < least) {
        builder.fold[id] |= 32768;  // more: not followed further
        continue;
      }
      nodes.push(nextNodes[c]);
      owners.push(id);
      origins.push(nextOrigins[c]);
    }
    depth++;
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
