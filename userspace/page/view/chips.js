// What is selected: each a button that takes it back.
import {KINDS} from './color.js';
import {clock, visible} from './format.js';
import {element} from './dom.js';

function chip(text, remove) {
  const out = element('button', {title: 'Remove'}, visible(text));
  out.onclick = remove;
  return out;
}

// `timed`: whether there are times to have a range of.
export function chips(state, timed, go) {
  const out = [], {range, range2, utc} = state;
  const span = (r) => `${clock(r[0], utc)} – ${clock(r[1], utc)}`;
  if (range && timed) out.push(chip((range2 ? 'A: ' : '') + span(range), () => go({range: range2, range2: null})));
  if (range2 && timed) out.push(chip('B: ' + span(range2), () => go({range2: null})));
  if (state.pid !== undefined) out.push(chip('process ' + state.pid, () => go({pid: undefined})));
  if (state.tid !== undefined) out.push(chip('thread ' + state.tid, () => go({tid: undefined})));
  state.labels.forEach((pair, i) => out.push(chip(pair.join(' = '), () => go({labels: state.labels.filter((u, j) => j !== i)}))));
  const verbs = {keep: 'with', drop: 'without', hide: 'hidden:', start: 'from'};
  state.filters.forEach(([verb, pattern], i) => out.push(chip(`${verbs[verb] || verb} ${pattern.replace(/^=/, '')}`,
    () => go({filters: state.filters.filter((u, j) => j !== i)}))));
  if (state.kinds) out.push(chip('only ' + [...state.kinds].filter((k) => k < 5).map((k) => KINDS[k]).join(', '), () => go({kinds: ''})));
  if (state.noImports) out.push(chip('no import machinery', () => go({noImports: false})));
  if (state.noWaiting) out.push(chip('no waiting', () => go({noWaiting: false})));
  if (state.view === 'fn') out.push(chip('callers and callees of ' + state.fn, () => go({view: 'down', fn: '', zoom: []})));
  if (state.zoom.length) out.push(chip('in ' + state.zoom[state.zoom.length - 1] + (state.small ? ' (small ones)' : ''), () => go({zoom: [], small: ''})));
  return out;
}
