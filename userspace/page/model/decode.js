// From the text in the page to typed arrays; html_data.h says how they are written.
import {fromBase64} from './base64.js';

export async function gunzip(parts) {
  const stream = new Blob(parts.map(fromBase64)).stream();
  const plain = stream.pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

// LEB128 numbers, one after the other.
class Numbers {
  constructor(section) {
    this.bytes = section.bytes;
    this.entries = section.entries;
    this.at = 0;
  }
  next() {
    let byte = this.bytes[this.at++];
    if (byte < 128) return byte;
    let value = byte & 127, scale = 128;
    do {
      byte = this.bytes[this.at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    return value;
  }
  // Entries of some numbers each, as columns of these types.
  columns(...types) {
    const out = types.map((Type) => new Type(this.entries));
    for (let i = 0; i < this.entries; i++) for (const column of out) column[i] = this.next();
    return out;
  }
}

const unzigzag = (value) => (value % 2 ? -(value + 1) / 2 : value / 2);

function decodeSamples(numbers, period) {
  const n = numbers.entries, node = new Int32Array(n), labels = new Int32Array(n);
  const count = new Float64Array(n), cpu = new Float64Array(n), wall = new Float64Array(n);
  for (let i = 0, at = 0; i < n; i++) {
    node[i] = at += numbers.next();
    labels[i] = numbers.next();
    const c = count[i] = numbers.next();
    cpu[i] = (c * period + unzigzag(numbers.next())) / 1e9;
    wall[i] = (c * period + unzigzag(numbers.next())) / 1e9;
  }
  return {node, labels, count, cpu, wall};
}

function decodeTree(numbers) {
  const n = numbers.entries + 1, parent = new Int32Array(n), loc = new Int32Array(n);
  loc[0] = parent[0] = -1;
  const path = [0];
  for (let i = 1, depth = 0; i < n; i++) {
    depth -= numbers.next();
    parent[i] = path[depth];
    loc[i] = numbers.next();
    path[++depth] = i;
  }
  return {parent, loc};
}

function decodeEvents(section, quantum, samples) {
  const [time] = new Numbers(section.times).columns(Float64Array);
  const [sample] = new Numbers(section.events).columns(Int32Array);
  const some = new Numbers(section.ticks), sums = new Float64Array(samples);
  for (let i = 0, now = 0; i < time.length; i++) time[i] = now += time[i] * quantum;
  const ticks = some.entries ? new Float64Array(time.length).fill(1) : null;
  for (let i = 0, event = 0; i < some.entries; i++) ticks[event += some.next()] = some.next();
  for (let i = 0; i < sample.length; i++) sums[sample[i]] += ticks ? ticks[i] : 1;
  return {time, sample, ticks, sums};
}

const TIMES = ['times', 'events', 'ticks'];

// The sections of one part of a recording, by name, from where they begin.
function sectionsOf(header, timed, bytes, at) {
  const out = {};
  for (const [name, entries, length] of header.sections) {
    if (TIMES.includes(name) !== timed) continue;
    out[name] = {entries, bytes: bytes.subarray(at, at + length)};
    at += length;
  }
  return out;
}

// When samples fell: {time: ms since the first, sample, ticks: periods or null for 1 each, sums:
// of a sample's ticks}.
export function decodeTimes(bytes, {header, samples}) {
  return decodeEvents(sectionsOf(header, true, bytes, 0), header.quantum_ms, samples.node.length);
}

// One recording without its times: {header, strings, functions, locations, parent, loc, labels,
// samples}.
export function decode(bytes) {
  const text = new TextDecoder();
  const end = bytes.indexOf(10);
  const header = JSON.parse(text.decode(bytes.subarray(0, end)));
  const section = sectionsOf(header, false, bytes, end + 1);
  const numbers = (name) => new Numbers(section[name]);
  const strings = text.decode(section.strings.bytes).split('\0');
  const [name, file, pkg, kind, line] =
    numbers('functions').columns(Int32Array, Int32Array, Int32Array, Uint8Array, Int32Array);
  const [fn, lines] = numbers('locations').columns(Int32Array, Int32Array);
  const labels = numbers('labels').columns(Float64Array, Float64Array, Int32Array, Int32Array, Int32Array, Int32Array);
  const samples = decodeSamples(numbers('samples'), header.period_ns);
  return {header, strings, functions: {name, file, pkg, kind, line}, locations: {fn, line: lines}, samples,
    labels: Array.from(labels[0], (pid, i) => ({pid, tid: labels[1][i], comm: strings[labels[2][i]],
      thread: strings[labels[3][i]], python: strings[labels[4][i]], container: strings[labels[5][i]]})),
    ...decodeTree(numbers('nodes'))};
}
