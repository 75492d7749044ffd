// Runs beside the page: holds the profile, answers what the views ask. One request at a time.
import {Unpacked, decode, decodeTimes, unpack} from './decode.js';
import {Store} from './store.js';
import {matchLocations, nodesBelow} from './search.js';
import {sampleMask, weigh} from './select.js';
import {callersTree, downTree} from './tree.js';
import {lineSums, tableRows} from './table.js';
import {heatmap, lightUp} from './heat.js';

let store = null;
// The last answers, by what was asked.
const cache = new Map();
function remember(name, key, make) {
  const known = cache.get(name);
  if (known && known.key === key) return known.value;
  const value = make();
  cache.set(name, {key, value});
  return value;
}

const mask = (request, side) =>
  remember('mask' + side, JSON.stringify(request.selection), () =>
    sampleMask(store, request.selection, side));

function weights(request, side, range, slot) {
  const {selection, metric} = request;
  return remember('sums' + slot, JSON.stringify([selection, metric, range, side]), () =>
    weigh(store, mask(request, side), side, range, metric));
}

// One side, or the two of a difference: of two files, or of two ranges.
function sidesOf(request) {
  const {range, range2, swap} = request;
  let sides;
  if (store.sides.length > 1) sides = [weights(request, 0, null, 0), weights(request, 1, null, 1)];
  else if (range && range2) sides = [weights(request, 0, range, 0), weights(request, 0, range2, 1)];
  else return [weights(request, 0, range, 0)];
  return swap ? sides.reverse() : sides;
}

// Flags by location of what filters hide, and of where they start.
function framesOf(request) {
  const {filters, kinds, noImports} = request.selection;
  return remember('frames', JSON.stringify([filters, kinds, noImports]), () => {
    const n = store.locFunction.length, {kind, file} = store.functions;
    let hidden = null, start = null;
    const hide = (test) => {
      hidden = hidden || new Uint8Array(n);
      for (let i = 0; i < n; i++) if (test(i)) hidden[i] = 1;
    };
    for (const [verb, pattern] of filters || []) {
      const {match} = matchLocations(store, pattern);
      if (!match) continue;
      if (verb === 'hide') hide((i) => match[i]);
      if (verb === 'start') start = match;
    }
    if (kinds) hide((i) => !kinds.includes(kind[store.locFunction[i]]));
    if (noImports) hide((i) => /importlib[/._]/.test(file[store.locFunction[i]]));
    return {hidden, start};
  });
}

function nameRank() {
  return remember('rank', '', () => {
    const {name} = store.functions, byName = name.map((unused, i) => i);
    byName.sort((a, b) => (name[a] < name[b] ? -1 : name[a] > name[b] ? 1 : a - b));
    const rank = new Float64Array(name.length);
    byName.forEach((fn, i) => { rank[fn] = i; });
    return rank;
  });
}

function treeOptions(request, sides) {
  const {lines, fold, order} = request;
  const keys = lines ? store.lineKey : store.locFunction;
  let rank = order === 'name' ? nameRank() : null;
  if (rank && lines) rank = store.locFunction.map((fn) => rank[fn]);
  let pairs = null;
  if (sides.length > 1) {
    const whole = (side) => (request.basis === 'cores' ? side.seconds : side.total) || Infinity;
    pairs = {a: 0.5 / whole(sides[0]), b: 0.5 / whole(sides[1])};
  }
  return {keys, fold, rank, pairs, ...framesOf(request)};
}

const flagsOf = (fn) => store.locFunction.map((other) => (other === fn ? 1 : 0));

let shown = null;  // what the last view was made of: for searches in it

function view(request) {
  const sides = sidesOf(request), options = treeOptions(request, sides);
  const totals = sides.map(({total, samples, seconds}) => ({total, samples, seconds}));
  const {path} = request, least = 1 / 4000;
  shown = {map: null, tree: null, n: 0};
  const answer = {totals, callers: null};
  if (request.view === 'callers') {
    answer.tree = callersTree(store, sides, options, path, least);
  } else if (request.view === 'fn') {
    const from = flagsOf(request.fn);
    const {tree, map} = downTree(store, sides, {...options, start: from});
    answer.tree = tree;
    shown.map = map;
    answer.callers = callersTree(store, sides, {...options, start: null, from}, [], least);
  } else {
    const {tree, map} = downTree(store, sides, options);
    answer.tree = tree;
    shown.map = map;
  }
  // The tree itself is given away.
  const {n, first, next, key, weight} = answer.tree;
  shown.n = n;
  if (!shown.map) shown.tree = {n, first: first.slice(), next: next.slice(), key: key.slice(), weight: weight.slice()};
  return answer;
}

// Nodes of `tree` that match by the functions of their keys, and the weight below `top` of the
// uppermost of them.
function treeHits(tree, functions, lines, top) {
  const hits = new Uint8Array(tree.n);
  for (let i = 1; i < tree.n; i++) {
    hits[i] = functions[lines ? store.locFunction[tree.key[i]] : tree.key[i]];
  }
  let weight = 0;
  const stack = [top];
  while (stack.length) {
    const i = stack.pop();
    if (hits[i]) weight += tree.weight[i];
    else for (let c = tree.first[i]; c; c = tree.next[c]) stack.push(c);
  }
  return {hits, weight};
}

function search(request) {
  const {match, functions, error} = matchLocations(store, request.query);
  if (!match) return {error, hits: null};
  const sides = sidesOf(request), side = sides[sides.length - 1];
  const {parent, loc} = store, n = parent.length, {map} = shown, top = request.top || 0;
  const below = new Uint8Array(n), hits = new Uint8Array(shown.n), {self, count} = side;
  let weight = 0, samples = 0;
  for (let i = 1; i < n; i++) {
    const at = loc[i];
    let matched = below[parent[i]];
    if (at >= 0 && match[at]) {
      matched = 1;
      if (map && map[i] >= 0) hits[map[i]] = 1;
    }
    if (!matched) continue;
    below[i] = 1;
    weight += self[i];
    samples += count[i];
  }
  let inside = weight, viewTotal = side.total;
  if (map && top) {
    const inView = new Uint8Array(n);
    inside = viewTotal = 0;
    for (let i = 1; i < n; i++) {
      if (map[i] !== top && !inView[parent[i]]) continue;
      inView[i] = 1;
      viewTotal += self[i];
      if (below[i]) inside += self[i];
    }
  }
  const answer = {error: '', hits, functions, weight, samples, share: weight / side.total || 0,
    total: side.samples, inside: viewTotal ? inside / viewTotal : 0};
  if (!map) {
    const found = treeHits(shown.tree, functions, request.lines, top);
    answer.hits = found.hits;
    answer.inside = found.weight / shown.tree.weight[top] || 0;
  }
  return answer;
}

function table(request) {
  const sides = sidesOf(request), {hidden, start} = framesOf(request);
  if (['thread', 'process', 'python', 'container'].includes(request.by)) {
    for (const side of sides) side.byLabel = labelSums(request, side);
  }
  return tableRows(store, sides, request.by, hidden, start);
}

function labelSums(request, wanted) {
  const sides = sidesOf(request), at = sides.indexOf(wanted);
  const two = store.sides.length > 1, side = two ? (request.swap ? 1 - at : at) : 0;
  const ranges = [request.range, request.range2];
  const range = two ? null : ranges[sides.length > 1 && request.swap ? 1 - at : at];
  const flags = mask(request, side), samples = store.samples[side];
  const out = {weight: new Float64Array(store.labels.length), count: new Float64Array(store.labels.length)};
  // Nodes cannot tell threads apart: each label's own sum.
  const share = new Float64Array(samples.node.length).fill(range ? 0 : 1);
  if (range) {
    const {time, sample, ticks, sums} = store.events(side);
    for (let i = 0; i < time.length; i++) {
      if (time[i] >= range[0] && time[i] < range[1]) {
        share[sample[i]] += (ticks ? ticks[i] : 1) / sums[sample[i]];
      }
    }
  }
  const value = request.metric === 'wall' ? samples.wall : samples.cpu;
  for (let i = 0; i < share.length; i++) {
    if (!flags[i]) continue;
    out.weight[samples.labels[i]] += value[i] * share[i];
    out.count[samples.labels[i]] += samples.count[i] * share[i];
  }
  return out;
}

function heat(request) {
  const side = request.side || 0, flags = mask(request, side);
  let lit = null;
  const {match} = matchLocations(store, request.query || '');
  if (match) {
    const below = nodesBelow(store, match);
    const {node} = store.samples[side];
    lit = new Uint8Array(node.length);
    for (let i = 0; i < lit.length; i++) lit[i] = below[node[i]];
  }
  const key = JSON.stringify([request.mode, request.columns, request.metric, request.selection]);
  const map = remember('heat', key, () =>
    heatmap(store, side, flags, request.mode, request.columns, request.metric));
  return map && {...map, cells: map.cells.slice(), cellOf: null, weightOf: null, lit: lit && lightUp(map, store, side, lit)};
}

function lines(request) {
  const sides = sidesOf(request);
  let within = null;
  if (shown && shown.map && request.top > 0) {
    const {map} = shown;
    within = new Uint8Array(store.parent.length);
    for (let i = 1; i < within.length; i++) {
      within[i] = map[i] === request.top || within[store.parent[i]] ? 1 : 0;
    }
  }
  return {lines: lineSums(store, sides, request.file, within),
    total: sides[sides.length - 1].total, samples: sides[sides.length - 1].samples};
}

// Where the processor's time went, for the strip.
function summary(request) {
  const {kind, name} = store.functions;
  const waitsForGil = name.map((text, fn) => kind[fn] === 5 && /\bgil\b/i.test(text));
  return sidesOf(request).map((side) => {
    const kinds = new Float64Array(7);
    let gil = 0;
    for (let i = 1; i < store.loc.length; i++) {
      if (!side.count[i] || store.loc[i] < 0) continue;
      const fn = store.locFunction[store.loc[i]];
      kinds[kind[fn]] += side.self[i];
      if (waitsForGil[fn]) gil += side.self[i];
    }
    return {kinds, gil, total: side.total, samples: side.samples, seconds: side.seconds};
  });
}

// Pieces of the sides' stacks, as the page comes to them.
const arriving = [];
function piece({side, text}) {
  if (!arriving[side]) arriving[side] = new Unpacked();
  arriving[side].add(text);
}

async function load() {
  store = new Store((await Promise.all(arriving.map((side) => side.end()))).map(decode));
  const {functions, locFunction, locLine, labels} = store;
  return {headers: store.sides, metric: store.metric, functions, locFunction, locLine, labels,
    nodes: store.parent.length - 1, 
    events: store.sides.map(({sections, timed_from}) => sections[timed_from][1])};
}

// The rest of the page, which the first picture does not wait for.
async function times(request) {
  for (const [side, pieces] of request.sides.entries()) {
    const {samples, sides} = store;
    store.times[side] = decodeTimes(await unpack(pieces), {header: sides[side], samples: samples[side]});
  }
}

async function text(request) {
  return new TextDecoder().decode(await unpack(request.pieces));
}

const OPERATIONS = {piece, load, times, text, view, search, table, heat, lines, summary};

function buffers(value, found = []) {
  if (ArrayBuffer.isView(value)) {
    if (!found.includes(value.buffer)) found.push(value.buffer);
  } else if (value && typeof value === 'object' && !Array.isArray(value)) {
    for (const inner of Object.values(value)) buffers(inner, found);
  } else if (Array.isArray(value) && value.length < 10) {
    value.forEach((inner) => buffers(inner, found));
  }
  return found;
}

async function answerTo(data) {
  const begin = performance.now();
  try {
    if (data.metric === '') data.metric = store.metric;
    const answer = await OPERATIONS[data.op](data);
    // What the store itself holds is copied, the rest given away.
    const give = ['view', 'search', 'table', 'heat', 'summary'].includes(data.op);
    self.postMessage({id: data.id, ok: answer, ms: performance.now() - begin}, give ? buffers(answer) : []);
  } catch (error) {
    self.postMessage({id: data.id, error: String(error.stack || error)});
  }
}

let turn = Promise.resolve();
self.onmessage = ({data}) => {
  turn = turn.then(() => answerTo(data));
};
