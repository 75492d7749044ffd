// Everything that decides what is on screen, kept in the address: a link opens the same view.

const encode = encodeURIComponent;
const list = {
  write: (value) => value.map((piece) => encode(piece)).join('/'),
  read: (text) => text.split('/').map(decodeURIComponent),
};
const pairs = {
  write: (value) => value.map(([a, b]) => encode(a) + ':' + encode(b)).join('/'),
  read: (text) => text.split('/').map((piece) => piece.split(':').map(decodeURIComponent))
    .filter((pair) => pair.length === 2),
};
const text = {write: encode, read: decodeURIComponent};
const flag = {write: () => '1', read: () => true};
const number = {write: String, read: (t) => (Number.isFinite(+t) ? +t : undefined)};
const range = {
  write: ([from, to]) => Math.round(from) + '-' + Math.round(to),
  read: (t) => {
    const found = /^(\d+)-(\d+)$/.exec(t);
    return found && +found[1] < +found[2] ? [+found[1], +found[2]] : undefined;
  },
};
const oneOf = (...values) => ({write: encode, read: (t) => (values.includes(t) ? t : undefined)});

// Short name in the address, codec, default.
const FIELDS = {
  view: ['v', oneOf('down', 'up', 'callers', 'fn'), 'down'],
  fn: ['f', text, ''],
  zoom: ['z', list, []],
  small: ['zs', text, ''],
  query: ['q', text, ''],
  range: ['t', range, null],
  range2: ['t2', range, null],
  pid: ['p', number, undefined],
  tid: ['th', number, undefined],
  labels: ['l', pairs, []],
  filters: ['x', pairs, []],
  kinds: ['k', text, ''],
  noImports: ['ni', flag, false],
  noWaiting: ['nw', flag, false],
  metric: ['m', oneOf('cpu', 'wall'), ''],  // '': wall where there is wall time
  lines: ['ln', flag, false],
  noFold: ['nf', flag, false],
  order: ['o', oneOf('weight', 'name'), 'weight'],
  basis: ['b', oneOf('share', 'cores'), 'share'],
  swap: ['sw', flag, false],
  heat: ['h', oneOf('heat', 'thread', 'process'), 'heat'],
  by: ['g', text, 'fn'],
  sort: ['s', text, ''],
  only: ['d', oneOf('all', 'slower', 'faster'), 'all'],
  panel: ['tb', oneOf('table', 'source', 'none'), 'table'],
  source: ['src', text, ''],
  utc: ['utc', flag, false],
};

export const DEFAULTS = Object.fromEntries(Object.entries(FIELDS).map(([n, [, , d]]) => [n, d]));

export function toHash(state) {
  const parts = [];
  for (const [name, [short, codec, normal]] of Object.entries(FIELDS)) {
    const value = state[name];
    if (value === normal || value === undefined || value === null ||
        (Array.isArray(value) && !value.length)) continue;
    parts.push(short + '=' + codec.write(value));
  }
  return '#' + parts.join('&');
}

// What is not understood is left out: a link may be cut off or come from another version.
export function fromHash(hash) {
  const state = {...DEFAULTS};
  const given = new Map(hash.replace(/^#/, '').split('&').map((part) => {
    const at = part.indexOf('=');
    return [part.slice(0, at), part.slice(at + 1)];
  }));
  for (const [name, [short, codec]] of Object.entries(FIELDS)) {
    if (!given.has(short)) continue;
    try {
      const value = codec.read(given.get(short));
      if (value !== undefined) state[name] = value;
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
    }
  }
  return state;
}
