// What links call functions: unique, and as short as that allows.
import {baseOf} from './format.js';

export class Labels {
  // functions: columns {name, file, line}
  constructor(functions) {
    this.functions = functions;
  }
  get made() {
    if (this.known) return this.known;
    const {name, file, line} = this.functions, labels = new Array(name.length), fns = new Map();
    const tries = [(i) => name[i] + '@' + baseOf(file[i]), (i) => name[i] + '@' + file[i],
      (i) => `${name[i]}@${file[i]}:${line[i]}`, (i) => `${name[i]}@${file[i]}:${line[i]}~${i}`];
    let open = name.map((unused, i) => i);
    for (const label of tries) {
      const count = new Map();
      for (const i of open) count.set(labels[i] = label(i), (count.get(labels[i]) || 0) + 1);
      open = open.filter((i) => {
        if (count.get(labels[i]) > 1 || fns.has(labels[i])) return true;
        fns.set(labels[i], i);
        return false;
      });
    }
    return this.known = {labels, fns};
  }
  of(fn) {
    return this.made.labels[fn];
  }
  fn(label) {
    return label ? this.made.fns.get(label) : undefined;
  }
}
