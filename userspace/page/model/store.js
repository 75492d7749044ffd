// All that is known: one recording, or two with their functions paired, as one prefix tree.

// What differs between two runs of the same program: addresses, and where it is installed.
function plainName(name) {
  return name.replace(/\b0x[0-9a-f]+/g, '0x…');
}
function plainFile(file) {
  const at = Math.max(file.lastIndexOf('/site-packages/'), file.lastIndexOf('/dist-packages/'));
  if (at >= 0) return file.slice(at + 15);
  return file.replace(/^.*\/lib\/python3\.\d+t?\//, 'lib/');
}

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
    this.functions = {name: [], file: [], pkg: [], kind: [], line: []};
    const paired = new Map(), locFunction = [];
    for (const side of sides) {
      const {name, file, pkg, kind, line} = side.functions, text = side.strings;
      const ids = name.map((unused, i) => {
        const key = sides.length < 2 ? i :
          plainName(text[name[i]]) + '\0' + plainFile(text[file[i]]) + '\0' + kind[i];
        let id = paired.get(key);
        if (id === undefined) {
          paired.set(key, id = this.functions.name.length);
          this.functions.name.push(text[name[i]]);
          this.functions.file.push(text[file[i]]);
          this.functions.pkg.push(text[pkg[i]]);
          this.functions.kind.push(kind[i]);
          this.functions.line.push(line[i]);
        }
        return id;
      });
      locFunction.push(side.locations.fn.map((fn) => ids[fn]));
    }
    const [a, b] = sides;
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
