// All that is known: one recording, or two with their functions paired, as one prefix tree.

function concat(Type, arrays) {
  const out = new Type(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}
const shifted = (array, by) => (by ? array.map((value) => value + by) : array);

export class Store {
  // `sides`: one or two results of decode().
  constructor(sides) {
    this.sides = sides.map((side) => side.header);
    this.metric = this.sides.some((side) => side.has_wall) ? 'wall' : 'cpu';  // unless another is asked for
    const [a, b] = sides;
    const functions = this.functions = {name: [], file: [], pkg: [], kind: [], line: []};
    this.place = b ? [] : functions.file;  // of each function, by which files are told apart
    const locFunction = sides.map(({functions: own, strings, locations}) => {
      const {key, name, file, pkg, kind, line, place} = own, ids = b ? key : name.map((unused, i) => i);
      // Of functions that are paired the newer side's names are shown, as its source is.
      ids.forEach((id, i) => {
        functions.name[id] = strings[name[i]];
        functions.file[id] = strings[file[i]];
        functions.pkg[id] = strings[pkg[i]];
        functions.kind[id] = kind[i];
        functions.line[id] = line[i];
        if (b) this.place[id] = strings[place[i]];
      });
      return locations.fn.map((fn) => ids[fn]);
    });
    const nodes = b ? a.parent.length : 0;
    // The second side's root is a node of its own below the first's, and never seen: key -1.
    this.parent = b ? concat(Int32Array, [a.parent, shifted(b.parent, nodes)]) : a.parent;
    if (b) this.parent[nodes] = 0;
    this.loc = b ? concat(Int32Array, [a.loc, shifted(b.loc, a.locations.fn.length)]) : a.loc;
    if (b) this.loc[nodes] = -1;
    this.locFunction = concat(Int32Array, locFunction);
    this.locLine = concat(Int32Array, sides.map((side) => side.locations.line));
    // The two sides' locations of one line of one function have one key.
    const lines = new Map();
    this.lineKey = !b ? this.locFunction.map((fn, i) => i) : this.locFunction.map((fn, i) => {
      const key = fn + ':' + this.locLine[i];
      if (!lines.has(key)) lines.set(key, i);
      return lines.get(key);
    });
    this.samples = sides.map((side, s) => ({...side.samples,
      node: shifted(side.samples.node, s * nodes),
      labels: shifted(side.samples.labels, s * a.labels.length)}));
    this.labels = sides.flatMap((side, s) => side.labels.map((l) => ({...l, side: s})));
    this.times = [];  // of each side, once they are there: of decodeTimes()
  }

  events(side) {
    return this.times[side];
  }
}
