// From the text in the page to typed arrays; html_data.h says how they are written.
import {fromBase64} from './base64.js';

export async function gunzip(parts) {
  const stream = new Blob(parts.map(fromBase64)).stream();
  const plain = stream.pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

// `count` LEB128 numbers. Past 2^31 they need Float64Array.
function varints(bytes, count, Type) {
  const out = new Type(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    let byte = bytes[at++];
    if (byte < 128) {
      out[i] = byte;
      continue;
    }
    let value = byte & 127, scale = 128;
    do {
      byte = bytes[at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    out[i] = value;
  }
  return out;
}

const unzigzag = (value) => (value % 2 ? -(value + 1) / 2 : value / 2);

function column(numbers, width, index, Type) {
  const out = new Type(numbers.length / width);
  for (let i = index, o = 0; o < out.length; i += width) out[o++] = numbers[i];
  return out;
}

function decodeSamples(numbers, period) {
  const count = numbers.length / 5;
  const out = {node: new Int32Array(count), labels: column(numbers, 5, 1, Int32Array),
    count: column(numbers, 5, 2, Float64Array), cpu: new Float64Array(count),
    wall: new Float64Array(count)};
  for (let i = 0, node = 0; i < count; i++) {
    out.node[i] = node += numbers[i * 5];
    out.cpu[i] = (out.count[i] * period + unzigzag(numbers[i * 5 + 3])) / 1e9;
    out.wall[i] = (out.count[i] * period + unzigzag(numbers[i * 5 + 4])) / 1e9;
  }
  return out;
}

function decodeTree(numbers) {
  const count = numbers.length / 2 + 1;
  const parent = new Int32Array(count), loc = new Int32Array(count);
  loc[0] = -1;
  parent[0] = -1;
  let path = new Int32Array(1024), depth = 0;
  for (let i = 1, at = 0; i < count; i++) {
    depth -= numbers[at++];
    parent[i] = path[depth];
    loc[i] = numbers[at++];
    if (++depth === path.length) {
      const longer = new Int32Array(depth * 2);
      longer.set(path);
      path = longer;
    }
    path[depth] = i;
  }
  return {parent, loc};
}

// One recording: {header, strings, functions, locations, parent, loc, labels, samples, events}.
export function decode(bytes) {
  const text = new TextDecoder();
  const end = bytes.indexOf(10);
  const header = JSON.parse(text.decode(bytes.subarray(0, end)));
  const section = {};
  let at = end + 1;
  for (const [name, entries, length] of header.sections) {
    section[name] = {entries, bytes: bytes.subarray(at, at + length)};
    at += length;
  }
  const read = (name, width, Type) =>
    varints(section[name].bytes, section[name].entries * width, Type);
  const strings = text.decode(section.strings.bytes).split('\0');
  strings.pop();
  const functions = read('functions', 5, Int32Array);
  const locations = read('locations', 2, Int32Array);
  const labels = read('labels', 6, Float64Array);
  const out = {header, strings,
    functions: {name: column(functions, 5, 0, Int32Array), file: column(functions, 5, 1, Int32Array),
      pkg: column(functions, 5, 2, Int32Array), kind: column(functions, 5, 3, Uint8Array),
      line: column(functions, 5, 4, Int32Array)},
    locations: {fn: column(locations, 2, 0, Int32Array), line: column(locations, 2, 1, Int32Array)},
    labels: [], samples: decodeSamples(read('samples', 5, Float64Array), header.period_ns),
    ...decodeTree(read('nodes', 2, Int32Array))};
  for (let i = 0; i < labels.length; i += 6) {
    out.labels.push({pid: labels[i], tid: labels[i + 1], comm: strings[labels[i + 2]],
      thread: strings[labels[i + 3]], python: strings[labels[i + 4]],
      container: strings[labels[i + 5]]});
  }
  const time = read('times', 1, Float64Array);
  for (let i = 0, now = 0; i < time.length; i++) time[i] = now += time[i] * header.quantum_ms;
  const ticks = read('ticks', 2, Float64Array);
  const weight = ticks.length ? new Float64Array(time.length).fill(1) : null;
  for (let i = 0, event = 0; i < ticks.length; i += 2) weight[event += ticks[i]] = ticks[i + 1];
  out.events = {time, sample: read('events', 1, Int32Array), ticks: weight};
  return out;
}
