// From the text in the page to typed arrays; html_data.h says how they are written.
import {fromBase64} from './base64.js';

// Unpacks a part of the page piece by piece.
export class Unpacked {
  constructor() {
    const {readable, writable} = new DecompressionStream('gzip');
    this.writer = writable.getWriter();
    this.plain = new Response(readable).arrayBuffer();
  }
  // What is wrong with a piece is told by end().
  add(text) {
    this.writer.write(fromBase64(text)).catch(() => {});
  }
  async end() {
    this.writer.close().catch(() => {});
    return new Uint8Array(await this.plain);
  }
}

export function unpack(pieces) {
  const unpacked = new Unpacked();
  for (const piece of pieces) unpacked.add(piece);
  return unpacked.end();
}

// LEB128 numbers.
function column(Type, entries, bytes) {
  const out = new Type(entries);
  for (let i = 0, at = 0; i < entries; i++) {
    let byte = bytes[at++], value = byte & 127;
    for (let scale = 128; byte > 127; scale *= 128) {
      byte = bytes[at++];
      value += (byte & 127) * scale;
    }
    out[i] = value;
  }
  return out;
}

// Columns that may hold more than 31 bits, or become fractions.
const WIDE = /\.(pid|tid|count|beyond|time)$/;

// The sections "table.column", of which the first is at `at` in `bytes`: {table: {column}}.
function tables(sections, bytes, at) {
  const out = {};
  for (const [name, entries, length] of sections) {
    const [table, key] = name.split('.'), section = bytes.subarray(at, at += length);
    if (!out[table]) out[table] = {};
    out[table][key] = column(WIDE.test(name) ? Float64Array : Int32Array, entries, section);
  }
  return out;
}

const unzigzag = (value) => (value % 2 ? -(value + 1) / 2 : value / 2);

function sum(steps) {
  for (let i = 1; i < steps.length; i++) steps[i] += steps[i - 1];
  return steps;
}

// Seconds of samples of `count` periods each, but for those that say otherwise.
function secondsOf(count, period, {at, beyond}) {
  const out = new Float64Array(count.length);
  for (let i = 0; i < out.length; i++) out[i] = (count[i] * period) / 1e9;
  sum(at).forEach((i, k) => { out[i] = (count[i] * period + unzigzag(beyond[k])) / 1e9; });
  return out;
}

// Parents take the place of `up`.
function treeOf({up: parent, loc}) {
  const n = parent.length, path = new Int32Array(n);
  loc[0] = parent[0] = -1;
  for (let i = 1, depth = 0; i < n; i++) {
    depth -= parent[i];
    parent[i] = path[depth];
    path[++depth] = i;
  }
  return {parent, loc};
}

// When samples fell: {time: ms since the first, sample, ticks: periods or null for 1 each, sums:
// of a sample's ticks}.
export function decodeTimes(bytes, {header, samples}) {
  const {events: {time, sample}, ticks: {at, count}} = tables(header.sections.slice(header.timed_from), bytes, 0);
  for (let i = 0, now = 0; i < time.length; i++) time[i] = now += time[i] * header.quantum_ms;
  const ticks = at.length ? new Float64Array(time.length).fill(1) : null;
  sum(at).forEach((event, i) => { ticks[event] = count[i]; });
  const sums = new Float64Array(samples.node.length);
  for (let i = 0; i < sample.length; i++) sums[sample[i]] += ticks ? ticks[i] : 1;
  return {time, sample, ticks, sums};
}

// One recording without its times: {header, strings, functions, locations, parent, loc, labels,
// samples}.
export function decode(bytes) {
  const text = new TextDecoder(), end = bytes.indexOf(10);
  const header = JSON.parse(text.decode(bytes.subarray(0, end)));
  const {sections, period_ns: period, timed_from: times} = header, begin = end + 1 + sections[0][2];
  const strings = text.decode(bytes.subarray(end + 1, begin)).split('\0');
  const {functions, locations, nodes, labels, samples, cpu, wall} = tables(sections.slice(1, times), bytes, begin);
  const {count} = samples;
  sum(samples.node);
  header.samples = count.reduce((all, n) => all + n, 0);
  samples.cpu = secondsOf(count, period, cpu);
  samples.wall = header.has_wall ? secondsOf(count, period, wall) : new Float64Array(count.length);
  return {header, strings, functions, locations, samples,
    labels: Array.from(labels.pid, (unused, i) => Object.fromEntries(Object.entries(labels).map(([key, values]) =>
      [key, /id$/.test(key) ? values[i] : strings[values[i]]]))),
    ...treeOf(nodes)};
}
