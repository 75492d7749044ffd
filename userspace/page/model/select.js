// The one selection that rules every view: range, process, thread, labels, stacks kept and dropped.
import {matchLocations, nodesBelow} from './search.js';

// KINDS: own library stdlib native kernel waiting marker.
const WAITING = 5;

// A flag for each sample of `side`: whether the selection, its range apart, has it.
export function sampleMask(store, selection, side) {
  const samples = store.samples[side], mask = new Uint8Array(samples.node.length).fill(1);
  const labels = store.labels.map((l) =>
    (selection.pid === undefined || l.pid === selection.pid) &&
    (selection.tid === undefined || l.tid === selection.tid) &&
    (selection.labels || []).every(([key, value]) => l[key] === value));
  if (labels.includes(false)) {
    for (let i = 0; i < mask.length; i++) if (!labels[samples.labels[i]]) mask[i] = 0;
  }
  const keepNodes = (match, wanted) => {
    const below = nodesBelow(store, match);
    for (let i = 0; i < mask.length; i++) if (below[samples.node[i]] !== wanted) mask[i] = 0;
  };
  for (const [verb, pattern] of selection.filters || []) {
    if (verb !== 'keep' && verb !== 'drop') continue;
    const {match} = matchLocations(store, pattern);
    if (match) keepNodes(match, verb === 'keep' ? 1 : 0);
  }
  if (selection.noWaiting) {
    keepNodes(store.locFunction.map((fn) => store.functions.kind[fn] === WAITING), 0);
  }
  return mask;
}

// First event at or after `time`.
function lowerBound(times, time) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1; else high = middle;
  }
  return low;
}

// Weights of `side` by node: {self, count, used (it or one below it has samples), total, samples,
// seconds}. `range` is [from, to) in ms since the first event, or null.
export function weigh(store, mask, side, range, metric) {
  const nodes = store.parent.length, samples = store.samples[side];
  const value = metric === 'wall' ? samples.wall : samples.cpu;
  const self = new Float64Array(nodes), count = new Float64Array(nodes);
  const used = new Uint8Array(nodes), {parent} = store;
  let share = null, whole = null;  // periods of each sample: in the range, and all
  if (range) {
    const {time, sample, ticks, sums} = store.events(side);
    whole = sums;
    share = new Float64Array(samples.node.length);
    for (let i = lowerBound(time, range[0]), end = lowerBound(time, range[1]); i < end; i++) {
      share[sample[i]] += ticks ? ticks[i] : 1;
    }
  }
  let total = 0, number = 0;
  for (let i = 0; i < mask.length; i++) {
    const part = share ? share[i] / whole[i] : 1, node = samples.node[i];
    if (!part || !mask[i]) continue;
    const n = samples.count[i] * part, w = value[i] * part;
    self[node] += w;
    count[node] += n;
    used[node] = 1;
    total += w;
    number += n;
  }
  const seconds = range ? (range[1] - range[0]) / 1000 : store.sides[side].duration;
  for (let i = nodes - 1; i > 0; i--) if (used[i]) used[parent[i]] = 1;
  return {self, count, used, total, samples: number, seconds};
}
