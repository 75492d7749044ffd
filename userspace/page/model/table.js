// Sums by function, line, file, package, thread, process or label. Leaves nothing out.

// Which of `count` rows each location is in; the rows are `names`, lines of functions, or the store's
// functions.
const GROUPS = {
  fn: (store) => ({of: store.locFunction, count: store.functions.name.length}),
  line: ({lineKey, locFunction, locLine}) => ({of: lineKey, count: lineKey.length,
    fn: locFunction.slice(), line: locLine.slice()}),
  file: (store) => byText(store, store.place, '(no file)'),
  pkg: (store) => byText(store, store.functions.pkg, '(none)'),
};

function byText({locFunction}, texts, nothing) {
  const ids = new Map(), names = [];
  const of = texts.map((text) => {
    if (!ids.has(text)) ids.set(text, names.push({name: text || nothing}) - 1);
    return ids.get(text);
  });
  return {of: locFunction.map((fn) => of[fn]), count: names.length, names};
}

// Sums of each node and all below it, made once a selection: {weight, count}.
function inclusive(store, side) {
  if (!side.inclusive) {
    const {parent} = store, weight = side.self.slice(), count = side.count.slice();
    for (let i = parent.length - 1; i > 0; i--) {
      weight[parent[i]] += weight[i];
      count[parent[i]] += count[i];
    }
    side.inclusive = {weight, count};
  }
  return side.inclusive;
}

// A sample counts once for each group in its stack, however often the group is there.
function sumFrames(store, side, {of, count: groups}, hidden, start) {
  const {parent, loc} = store, n = parent.length, {self, count, used} = side;
  const {weight: total, count: totalCount} = inclusive(store, side);
  const [selfSum, sum, selfN, sumN] = Array.from({length: 4}, () => new Float64Array(groups));
  // Of each frame on the path: its node, the group it entered or -1, and whose its own time is.
  const path = new Int32Array(n), entered = new Int32Array(n), owners = new Int32Array(n);
  const active = new Int32Array(groups);
  owners[0] = start ? -2 : -1;  // -2: not begun
  for (let i = 1, depth = 0; i < n; i++) {
    if (!used[i]) continue;
    for (; path[depth] !== parent[i]; depth--) if (entered[depth] >= 0) active[entered[depth]]--;
    const at = loc[i];
    let id = -1, owner = owners[depth];
    if (at >= 0 && (owner !== -2 || start[at])) {
      if (owner === -2) owner = -1;
      if (!hidden || !hidden[at]) {
        id = owner = of[at];
        if (active[id]++ === 0) {
          sum[id] += total[i];
          sumN[id] += totalCount[i];
        }
      }
    }
    if (owner >= 0 && count[i]) {
      selfSum[owner] += self[i];
      selfN[owner] += count[i];
    }
    path[++depth] = i;
    entered[depth] = id;
    owners[depth] = owner;
  }
  return [selfSum, sum, selfN, sumN];
}

const LABELS = {
  thread: (l) => `${l.thread || l.comm || 'thread'} (${l.tid})`,
  process: (l) => `${l.comm || 'process'} (${l.pid})`,
  python: (l) => l.python || '(unknown)',
  container: (l) => l.container || '(none)',
};

function sumLabels(store, sums, by) {
  const ids = new Map(), names = [];
  const of = store.labels.map((l) => {
    const name = LABELS[by](l);
    if (!ids.has(name)) {
      ids.set(name, names.length);
      names.push({name, pid: l.pid, tid: l.tid, python: l.python, container: l.container});
    }
    return ids.get(name);
  });
  return {names, sides: sums.map((sum) => {
    const weight = new Float64Array(names.length), count = new Float64Array(names.length);
    sum.byLabel.weight.forEach((w, i) => { weight[of[i]] += w; });
    sum.byLabel.count.forEach((c, i) => { count[of[i]] += c; });
    return [weight, weight.slice(), count, count.slice()];
  })};
}

// {names, fn, line: as of GROUPS; names: [{name, …}]; sides: [[self, cumulative, their counts]]}
export function tableRows(store, sides, by, hidden, start) {
  if (LABELS[by]) return sumLabels(store, sides, by);
  const group = (GROUPS[by] || GROUPS.fn)(store), {names, fn, line} = group;
  return {names, fn, line, sides: sides.map((side) => sumFrames(store, side, group, hidden, start))};
}

// Of one function's file: self and cumulative time by line, limited to nodes that `within` flags,
// and for each line who calls in (▲) and what is called from there (▼).
export function lineSums(store, sides, file, within) {
  const {parent, loc, locFunction, locLine, functions} = store, n = parent.length;
  const lines = new Map();
  const inFile = (node) => loc[node] >= 0 && functions.file[locFunction[loc[node]]] === file;
  const side = sides[sides.length - 1], {weight: total, count} = inclusive(store, side);
  const at = (line) => {
    let entry = lines.get(line);
    if (!entry) {
      entry = {line, self: 0, selfN: 0, total: 0, n: 0, up: new Map(), down: new Map()};
      lines.set(line, entry);
    }
    return entry;
  };
  const path = [], stacked = new Map();
  for (let i = 1; i < n; i++) {
    while (path.length && path[path.length - 1] !== parent[i]) {
      const key = loc[path.pop()];
      stacked.set(key, stacked.get(key) - 1);
    }
    path.push(i);
    const outer = !stacked.get(loc[i]);
    stacked.set(loc[i], (stacked.get(loc[i]) || 0) + 1);
    if (within && !within[i]) continue;
    if (inFile(i) && count[i]) {
      const entry = at(locLine[loc[i]]);
      entry.self += side.self[i];
      entry.selfN += side.count[i];
      if (outer) {
        entry.total += total[i];
        entry.n += count[i];
      }
      if (parent[i] > 0 && loc[parent[i]] >= 0) bump(entry.up, locFunction[loc[parent[i]]], total[i]);
    }
    if (parent[i] > 0 && inFile(parent[i]) && count[i]) {
      bump(at(locLine[loc[parent[i]]]).down, locFunction[loc[i]], total[i]);
    }
  }
  const top = (map) => [...map].sort((x, y) => y[1] - x[1]).slice(0, 5);
  return [...lines.values()].map((e) => ({...e, up: top(e.up), down: top(e.down)}));
}

function bump(map, key, by) {
  map.set(key, (map.get(key) || 0) + by);
}
