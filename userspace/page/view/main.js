// Wires state, worker and views together.
import {fromBase64} from '../model/base64.js';
import {changeScore, criticalScore} from '../model/stats.js';
import {chips} from './chips.js';
import {KINDS, css, palette, shadeOf} from './color.js';
import {Flame} from './flame.js';
import {baseOf, clock, cores, integer, percent, seconds, share, visible} from './format.js';
import {Heatmap, parseTime} from './heatmap.js';
import {Labels} from './labels.js';
import {Model, copyText, savePart} from './link.js';
import {Menu, showKeys} from './menu.js';
import {pieces, takePieces, wholePage} from './parts.js';
import {Source} from './source.js';
import {fromHash, toHash} from './state.js';
import {showStrip, whenText} from './strip.js';
import {Table} from './table.js';
import {element, on} from './dom.js';

const $ = (id) => document.getElementById(id);

const model = new Model($('worker').textContent);
let state = fromHash(location.hash), meta = null, about = {title: '', command: ''};
let tree = null, totals = null, callers = null, found = null, critical = 1.96;
let labels = null, treeLines = false;
const asked = {};
let colors = palette(false);

// ---- names and colors

const fnAt = (key) => (treeLines ? meta.locFunction[key] : key);
const labelAt = (key) => labels.of(fnAt(key)) + (treeLines ? ':' + meta.locLine[key] : '');

function nameOf(t, node) {
  if (node === 0) {
    if (t === callers) return [meta.functions.name[labels.fn(state.fn)] + ' and who calls it', ''];
    return [state.view === 'fn' ? 'stacks through it' : state.view === 'callers' ? 'all, innermost first' : 'all', ''];
  }
  const key = t.key[node], fn = fnAt(key), fold = t.fold[node] & 32767;
  return [visible(meta.functions.name[fn] || '(no name)') + (treeLines ? ':' + meta.locLine[key] : '') + (fold ? ` ×${fold + 1}` : ''),
    visible(baseOf(meta.functions.file[fn]))];
}

let fnFills = [];
function fillOf(fn) {
  if (!fnFills[fn]) {
    const {kind, file} = meta.functions;
    fnFills[fn] = {css: css(colors.fills[kind[fn]][shadeOf(file[fn])]), mark: '', hatch: kind[fn] === 5};
  }
  return fnFills[fn];
}

// In a difference: grey within the interval, else blue or orange by how much.
function changeOf(t, node) {
  const v = t.values, [a, b] = totals, rates = state.basis === 'cores';
  const score = changeScore(v[2][node], rates ? a.seconds : a.samples,
    v[5][node], rates ? b.seconds : b.samples, rates);
  if (Math.abs(score) <= critical || node === 0 && !rates) return {mark: '', hatch: false, verdict: 0};
  const gone = v[5][node] === 0, fresh = v[2][node] === 0;
  return {mark: score > 0 ? '▲' : '▼', hatch: gone || fresh, verdict: Math.sign(score),
    gone, fresh, score};
}
function fillAt(t, node) {
  if (t.values.length < 6) return node === 0 ? {css: css(colors.change.same[1]), mark: ''} : fillOf(fnAt(t.key[node]));
  if (!t.fills) t.fills = [];
  if (!t.fills[node]) {
    const c = changeOf(t, node), shade = Math.min(4, Math.floor(Math.abs(c.score || 0) / 4));
    const set = c.verdict > 0 ? colors.change.more : c.verdict < 0 ? colors.change.less : colors.change.same;
    t.fills[node] = {css: css(set[colors.dark ? shade : 4 - shade]), mark: c.mark, hatch: c.hatch};
  }
  return t.fills[node];
}

// ---- state

function go(patch, replace) {
  const next = {...state, ...patch};
  const hash = toHash(next);
  state = next;
  if (hash !== location.hash && !(hash === '#' && !location.hash)) {
    if (replace) location.replace(hash); else location.hash = hash;
  }
  show();
}

on(window, 'hashchange', () => {
  const current = toHash(state);
  if (location.hash === current || (current === '#' && !location.hash)) return;
  state = fromHash(location.hash);
  $('query').value = state.query;
  show();
});

const relative = (range, side) => range && range.map((ms) => ms - meta.headers[side].first_ms);

function request() {
  const {pid, tid, labels, filters, kinds, noImports, noWaiting} = state, timed = meta && meta.timed;
  return {selection: {pid, tid, labels, filters, noImports, noWaiting, kinds: kinds ? [...kinds].map(Number) : null},
    range: timed && meta.headers.length < 2 ? relative(state.range, 0) : null,
    range2: timed && meta.headers.length < 2 && state.range ? relative(state.range2, 0) : null,
    metric: state.metric, swap: state.swap, basis: state.basis, lines: state.lines};
}
const metric = () => state.metric || meta.metric;
const diffing = () => meta.headers.length > 1 || Boolean(state.range && state.range2 && meta.timed);

// Asks only when the question is another.
function askIfNew(op, question, done) {
  const key = JSON.stringify(question);
  if (asked[op] === key) return;
  asked[op] = key;
  model.latest(op, question, (answer) => {
    if (asked[op] === key) done(answer);
  });
}

function askView() {
  const fn = labels?.fn(state.fn), {view} = state;
  askIfNew('view', {...request(), view: view === 'fn' && fn === undefined || view === 'up' ? 'down' : view, fn,
    fold: !state.noFold, order: state.order, path: view === 'callers' ? pathKeys() : []}, shown);
}

function show() {
  if (!meta) return;
  const base = request(), {by} = state;
  showControls();
  const before = asked.view;
  askView();
  if (asked.view === before && tree) {
    zoomTo();
    showSearch();
  }
  askIfNew('summary', base, (sums) => showStrip($('strip'), state.swap ? [...meta.headers].reverse() : meta.headers, sums, colors));
  if (state.panel === 'table') askIfNew('table', {...base, by}, (answer) => {
    tableAnswer = {...answer, by};
    showTable();
  });
  if (meta.timed) {
    const lit = state.query || (state.source ? '=' + state.source.replace(/@.*\//, '@') : '');
    askIfNew('heat', {...base, range: null, range2: null, mode: state.heat, columns: heatmap.columns(), query: lit},
      (data) => heatmap.set(data));
    heatmap.draw();
  }
  showTable();
  showSource();
}

let tableAnswer = null, tableShown = '';
function showTable() {
  $('table').hidden = state.panel !== 'table';
  if (state.panel !== 'table' || !tableAnswer || tableAnswer.by !== state.by || !totals || tableAnswer.sides.length !== totals.length) return;
  const key = [state.sort, state.only, state.by, found && found.serial, state.basis, colors.dark, totals.serial];
  if (tableShown.answer === tableAnswer && String(tableShown.key) === String(key)) return;
  tableShown = {answer: tableAnswer, key};
  const {shown: n, all} = table.set(tableAnswer, totals, {by: state.by, sort: state.sort,
    match: found && found.functions, basis: state.basis, critical, only: state.only});
  $('rows').textContent = n === all ? `${integer(all)} rows` : `${integer(n)} of ${integer(all)} rows`;
}

function pathKeys() {
  const keys = [];
  for (const label of state.zoom) {
    const fn = labels.fn(label);
    if (fn !== undefined && !state.lines) keys.push(fn);
    else {
      const at = meta.locFunction.findIndex((f, i) => `${labels.of(f)}:${meta.locLine[i]}` === label);
      if (at < 0) break;
      keys.push(at);
    }
  }
  return keys;
}

function pathOf(t, node) {
  const path = [];
  for (let i = node; i > 0; i = t.parent[i]) path.unshift(labelAt(t.key[i]));
  return path;
}

const childNamed = (t, node, label) => {
  for (let c = t.first[node]; c; c = t.next[c]) if (labelAt(t.key[c]) === label) return c;
  return -1;
};

// The node that a path leads to, as far as it is there.
function resolve(t, path) {
  let node = 0;
  for (const label of path) {
    const next = childNamed(t, node, label);
    if (next < 0) break;
    node = next;
  }
  return node;
}

// The node that all of a path leads to, or -1.
function find(t, path) {
  const node = resolve(t, path);
  return pathOf(t, node).length === path.length ? node : -1;
}

let firstPicture = 0;
function shown(answer) {
  // The same frame has another number in another tree.
  const focused = tree && flame.focus >= 0 ? pathOf(tree, flame.focus) : null;
  tree = answer.tree;
  callers = answer.callers;
  totals = answer.totals;
  totals.serial = model.next;
  treeLines = state.lines;
  critical = criticalScore(meta.functions.name.length);
  $('above').hidden = !callers;
  flame.up = state.view === 'up';
  flame.setTree(tree, focused ? find(tree, focused) : -1);
  if (callers) {
    above.up = true;
    above.setTree(callers, -1);
    above.zoom(0, 0);
  }
  const nothing = !(totals[0].samples > 0) && !(totals[1] && totals[1].samples > 0);
  $('flame').hidden = nothing;
  zoomTo();
  asked.search = '';
  showSearch();
  showTable();
  showDetails(flame, flame.focus);
  firstPicture = firstPicture || performance.now();
  let said = $('nothing');
  if (nothing && !said) {
    said = element('p', {id: 'nothing', class: 'empty'},
      meta.nodes ? 'No sample falls into this selection. Remove a chip above, or press a for all of the time.' :
        'This profile holds no samples: nothing that was looked at ran, or all was lost (see above).');
    $('graph').append(said);
  } else if (!nothing && said) said.remove();
}

function zoomTo() {
  const top = resolve(tree, state.zoom);
  const small = state.small ? childNamed(tree, top, state.small) : 0;
  if (flame.tree === tree && flame.top === top && flame.small === Math.max(0, small) && flame.rects) {
    flame.redraw();
    return;
  }
  flame.zoom(top, Math.max(0, small));
}

// ---- search

function showSearch() {
  if (!state.query) {
    found = null;
    asked.search = '';
    flame.hits = above.hits = null;
    $('found').textContent = '';
    $('query').classList.remove('bad');
    flame.redraw();
    showTable();
    return;
  }
  askIfNew('search', {...request(), query: state.query, top: flame.top}, (answer) => {
    $('query').classList.toggle('bad', Boolean(answer.error));
    if (!answer.hits) {
      $('found').textContent = answer.error ? 'not a regular expression' : '';
      return;
    }
    if (answer.hits.length !== tree.n) return;
    found = {...answer, serial: model.next, order: null, at: -1};
    flame.hits = answer.hits;
    if (callers) above.hits = callers.key.map((key, i) => (i ? answer.functions[fnAt(key)] : 0));
    flame.redraw();
    above.redraw();
    $('found').textContent = !answer.samples ? 'no match' : `${share(answer.weight, totals[totals.length - 1].total, answer.samples, answer.total)} of all` +
      (flame.top ? `, ${percent(answer.inside)} of the view` : '');
    showTable();
  });
}

// n and N: matches from the heaviest on; what is too narrow to see is zoomed to.
function nextMatch(step) {
  if (!found || !found.hits) return;
  if (!found.order) {
    found.order = [];
    for (let i = 1; i < tree.n; i++) if (found.hits[i]) found.order.push(i);
    found.order.sort((x, y) => tree.weight[y] - tree.weight[x]);
  }
  const {order} = found;
  if (!order.length) return;
  found.at = (found.at + step + order.length) % order.length;
  const node = order[found.at];
  if (!flame.place(node)) go({zoom: pathOf(tree, tree.parent[node]), small: ''});
  if (!flame.place(node)) go({zoom: pathOf(tree, node), small: ''});
  focusOn(node);
  say(`match ${found.at + 1} of ${order.length}`);
}

// ---- frames

function focusOn(node) {
  flame.setFocus(node);
  showDetails(flame, node);
}

function pick(which, node, small) {
  if (which === above) {
    if (node > 0) openFunction(fnAt(callers.key[node]));
    return;
  }
  if (small) {
    go({zoom: pathOf(tree, tree.parent[node]), small: labelAt(tree.key[node])});
    return;
  }
  focusOn(node);
  const patch = {zoom: pathOf(tree, node), small: ''};
  if (node > 0) patch.source = labels.of(fnAt(tree.key[node]));
  go(patch);
}

function openFunction(fn) {
  go({view: 'fn', fn: labels.of(fn), zoom: [], small: '', source: labels.of(fn)});
}

function addFilter(verb, fn) {
  const {name, file} = meta.functions;
  go({filters: [...state.filters, [verb, `=${name[fn]}@${baseOf(file[fn])}`]], zoom: [], small: ''});
}

function openMenu(which, node, x, y) {
  const t = which.tree;
  if (node <= 0) return;
  const fn = fnAt(t.key[node]), {name, file, line} = meta.functions;
  const stack = pathOf(t, node).map((label) => visible(label));
  menu.open([
    ['Zoom in', () => pick(which, node, 0)],
    ['Callers and callees', () => openFunction(fn)],
    ['Keep only stacks with it', () => addFilter('keep', fn)],
    ['Drop stacks with it', () => addFilter('drop', fn)],
    ['Hide this frame', () => addFilter('hide', fn)],
    ['Start at this frame', () => addFilter('start', fn)],
    ['Search it', () => search(`=${name[fn]}@${baseOf(file[fn])}`)],
    ['Source', () => go({panel: 'source', source: labels.of(fn), zoom: pathOf(t, node)})],
    ['Copy name', () => copy(`${name[fn]} (${file[fn]}:${line[fn]})`)],
    ['Copy stack', () => copy((state.view === 'callers' ? stack : stack.reverse()).join('\n'))],
  ], x, y);
}

function showDetails(which, node, small) {
  const t = which.tree, box = $('details');
  if (!t || node < 0 || node === undefined || node >= t.n) {
    box.replaceChildren(element('span', {class: 'dim'}, 'Point at a frame, or use the arrow keys. ? lists all keys.'));
    return;
  }
  if (small) {
    let sum = 0;
    for (let c = node, i = 0; i < small; c = t.next[c], i++) sum += t.weight[c];
    box.replaceChildren(`${integer(small)} frames too narrow to draw, ${percent(sum / t.weight[0])} together: click opens them.`);
    return;
  }
  const [name] = nameOf(t, node), fn = node ? fnAt(t.key[node]) : -1, {functions} = meta;
  const figures = element('div', {class: 'figures'});
  const say2 = (title, value) => figures.append(element('span', {}, title + ' ', element('b', {}, value)));
  const last = totals[totals.length - 1];
  if (totals.length > 1) {
    const v = t.values, c = changeOf(t, node);
    const figure = (s) => (state.basis === 'cores' ? cores(v[s * 3][node] / totals[s].seconds) :
      share(v[s * 3][node], totals[s].total, v[s * 3 + 2][node], totals[s].samples));
    say2('A', figure(0));
    say2('B', figure(1));
    say2('samples', `${integer(v[2][node])} → ${integer(v[5][node])}`);
    say2(state.basis === 'cores' ? 'in cores:' : 'in share:', c.gone ? '▼ gone' : c.fresh ? '▲ new' :
      c.verdict > 0 ? '▲ more, beyond chance' : c.verdict < 0 ? '▼ less, beyond chance' : 'no change beyond chance');
  } else {
    const total = t.values[0][node], self = t.values[1][node], n = t.values[2][node];
    const of = (base) => (base > 0 ? percent(total / base) : '–');
    say2('of all', share(total, last.total, n, last.samples));
    if (node) say2('of parent', of(t.values[0][t.parent[node]]));
    if (flame.top && which === flame) say2('of view', of(t.values[0][flame.top]));
    if (t !== callers && state.view !== 'callers') say2('self', `${percent(self / last.total)} · ${seconds(self)}`);
    say2(metric() === 'wall' ? 'wall' : 'CPU', `${seconds(total)} · ${cores(last.seconds ? total / last.seconds : 0)}`);
    say2('samples', integer(n));
    if (t.fold[node] & 32768) say2('', 'its callers are drawn when it is zoomed');
  }
  const place = node ? visible(functions.file[fn]) + (functions.line[fn] ? ':' + functions.line[fn] : '') : '';
  box.replaceChildren(element('b', {}, name), ' ',
    element('span', {class: 'dim'}, place + (node ? ` · ${KINDS[functions.kind[fn]]}` : '')), figures);
}

// ---- source

let sourceLoading = null;
function showSource() {
  $('source').hidden = state.panel !== 'source';
  if (state.panel !== 'source') return;
  const fn = labels.fn(state.source);
  if (fn === undefined) {
    source.none('Choose a frame in the graph or a row of the table.');
    return;
  }
  const texts = pieces('source');
  if (texts.length && !sourceLoading) {
    sourceLoading = model.ask('text', {pieces: texts}).then((json) => {
      source.files = new Map(JSON.parse(json).map((file) => [file.file, file]));
      asked.lines = '';
      showSource();
    });
  }
  const top = state.view === 'down' || state.view === 'up' ? flame.top : 0;
  askIfNew('lines', {...request(), file: meta.functions.file[fn], fn, top, view: asked.view},
    (answer) => source.set(fn, answer, top > 0));
}

// ---- controls

function pressed(id, value) {
  for (const button of $(id).querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(button.dataset.v === value));
  }
}

function showControls() {
  pressed('view', state.view);
  pressed('heat', state.heat);
  pressed('panel', state.panel);
  pressed('basis', state.basis);
  pressed('only', state.only);
  $('fold').setAttribute('aria-pressed', String(!state.noFold));
  $('lines').setAttribute('aria-pressed', String(state.lines));
  $('order').setAttribute('aria-pressed', String(state.order === 'name'));
  $('swap').setAttribute('aria-pressed', String(state.swap));
  $('utc').setAttribute('aria-pressed', String(state.utc));
  $('basis').hidden = $('swap').hidden = $('only').hidden = !diffing();
  $('side').hidden = state.panel === 'none';
  $('tabletools').hidden = state.panel !== 'table';
  $('rows').hidden = state.panel !== 'table';
  $('by').value = state.by;
  $('metric').hidden = !meta.headers.some((header) => header.has_wall);
  $('metric').value = metric();
  if (document.activeElement !== $('query')) $('query').value = state.query;
  const timed = meta.events[0] > 0, two = meta.headers.length > 1;
  $('chips').replaceChildren(...chips(state, timed, go));
  $('heatbox').hidden = $('heat').hidden = !timed || two;
  for (const input of [$('from'), $('to')]) input.parentNode.hidden = !timed || two;
  $('whole').hidden = !timed || two;
  if (two) {
    $('timesaid').textContent = meta.headers.map((header, s) =>
      `${(s === 1) !== state.swap ? 'B' : 'A'}: ${visible(header.name)} ${whenText(header, state.utc)}`).join('   ·   ');
  } else if (!timed) {
    $('timesaid').textContent = meta.nodes ? 'This profile keeps no times of its samples: one column for all of it.' : '';
  }
  const whole = [meta.headers[0].first_ms, meta.headers[0].last_ms + 1];
  const range = state.range || whole;
  $('from').value = clock(range[0], state.utc);
  $('to').value = clock(range[1], state.utc);
  $('when').textContent = two ? 'difference' : whenText(meta.headers[0], state.utc);
  legend();
}

function legend() {
  const entries = diffing() ? [['less', colors.change.less[1]], ['more', colors.change.more[1]], ['within chance', colors.change.same[1]]] :
    KINDS.slice(0, 6).map((kind, k) => [kind, colors.fills[k][2]]).filter((e, k) => meta.functions.kind.includes(k));
  $('legend').replaceChildren(...entries.map(([text, color]) =>
    element('span', {}, element('i', {style: 'background:' + css(color)}), text)));
  if (diffing()) $('legend').append('hatched: new or gone');
}

let sayTimer = 0;
function say(text) {
  $('note').textContent = text;
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => { $('note').textContent = ''; }, 2500);
}

async function copy(text) {
  say((await copyText(text)) ? 'Copied' : 'Could not copy');
}

function setTheme(choice) {
  const dark = choice ? choice === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  colors = {...palette(dark), dark};
  fnFills = [];
  for (const t of [tree, callers]) if (t) t.fills = null;
  asked.summary = '';
  flame.redraw();
  above.redraw();
  show();
}

const host = {palette: () => colors, label: nameOf, fill: fillAt, onPick: pick,
  onHover: (which, node, small) => (node < 0 ? showDetails(flame, flame.focus) : showDetails(which, node, small)),
  onMenu: openMenu};
const flame = new Flame($('flame'), $('flame').querySelector('canvas'), host);
const above = new Flame($('above'), $('above').querySelector('canvas'), host);
const menu = new Menu($('menu'));
const heatmap = new Heatmap($('heatbox'), $('heatcanvas'), {palette: () => colors, state: () => state,
  origin: 0, say: (text) => { $('timesaid').textContent = text; },
  onRange: (range, range2) => go({range, range2}),
  onRow: (row) => go(state.heat === 'thread' ? {tid: row.tid} : {pid: row.pid})});
const rowFunction = (i) => table.fn(i);
const table = new Table($('table'), {meta: () => meta, fill: (fn) => fillOf(fn).css,
  onSelect: (i) => {
    const fn = rowFunction(i);
    if (fn !== undefined) go({source: labels.of(fn)}, true);
  },
  onOpen: (i) => {
    const fn = rowFunction(i), row = tableAnswer.names && tableAnswer.names[i];
    if (fn !== undefined) openFunction(fn);
    else if (state.by === 'thread') go({tid: row.tid});
    else if (state.by === 'process') go({pid: row.pid});
    else if (state.by === 'python' || state.by === 'container') go({labels: [...state.labels, [state.by, row[state.by]]]});
    else if (state.by === 'pkg') search('lib:' + row.name);
    else search(baseOf(row.name));
  },
  onSort: (sort) => go({sort})});
const source = new Source($('source'), {meta: () => meta, onFunction: openFunction});

function search(query) {
  $('query').value = query;
  go({query});
}

function onClick(id, action) {
  on($(id), 'click', action);
}
function onSwitch(id, action) {
  onClick(id, (event) => {
    if (event.target.dataset.v) action(event.target.dataset.v);
  });
}

onSwitch('view', (view) => go({view, fn: '', zoom: [], small: ''}));
onSwitch('heat', (heat) => go({heat}));
onSwitch('panel', (panel) => go({panel: state.panel === panel ? 'none' : panel}));
onSwitch('basis', (basis) => go({basis}));
onSwitch('only', (only) => go({only}));
onClick('fold', () => go({noFold: !state.noFold}));
onClick('lines', () => go({lines: !state.lines, zoom: [], small: ''}));
onClick('order', () => go({order: state.order === 'name' ? 'weight' : 'name', small: ''}));
onClick('swap', () => go({swap: !state.swap}));
onClick('utc', () => go({utc: !state.utc}));
onClick('whole', () => go({range: null, range2: null}));
onClick('help', () => showKeys($('keys')));
onClick('link', () => copy(location.href));
onClick('theme', () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));
onClick('save', () => savePart(pieces(meta.headers.length > 1 && !state.swap ? 'pprof-b' : 'pprof-a'), fromBase64, 'profile.pb.gz'));
$('by').onchange = () => go({by: $('by').value, sort: ''});
$('metric').onchange = () => go({metric: $('metric').value});
$('preset').onchange = () => {
  const presets = {own: {kinds: '056'}, imports: {noImports: true}, waiting: {noWaiting: true}, python: {kinds: '01256'},
    native: {kinds: '3456'}, kernel: {kinds: '46'}, all: {kinds: '', noImports: false, noWaiting: false, filters: []}};
  const chosen = presets[$('preset').value];
  $('preset').value = '';
  if (chosen) go({...chosen, zoom: [], small: ''});
};
on($('query'), 'input', () => go({query: $('query').value}, Boolean(state.query)));
on($('query'), 'keydown', (event) => {
  if (event.key === 'Enter') {
    event.preventDefault();
    $('flame').focus();
    nextMatch(event.shiftKey ? -1 : 1);
  } else if (event.key === 'Escape') {
    event.stopPropagation();
    search('');
    $('flame').focus();
  } else if (event.key === 'f' && event.ctrlKey) return;
  event.stopPropagation();
});
for (const id of ['from', 'to']) {
  on($(id), 'change', () => {
    const [from, to] = ['from', 'to'].map((which) => parseTime($(which).value, meta.headers[0].first_ms, state.utc));
    if (from === null || to === null || !(from < to)) say('Times as 12:30:05, 2026-05-04 12:30:05, or seconds since the start');
    else go({range: [from, to]});
  });
}

const KEY_ACTIONS = {
  '/': () => $('query').select(),
  n: () => nextMatch(1),
  N: () => nextMatch(-1),
  i: () => go({view: state.view === 'callers' ? 'down' : 'callers', fn: '', zoom: [], small: ''}),
  r: () => go({noFold: !state.noFold}),
  t: () => {
    go({panel: 'table'});
    $('table').focus();
  },
  s: () => focusedFn() !== undefined && go({panel: 'source', source: labels.of(focusedFn())}),
  c: () => focusedFn() !== undefined && openFunction(focusedFn()),
  a: () => go({range: null, range2: null}),
  m: () => {
    const place = flame.place(flame.focus), box = $('flame').getBoundingClientRect();
    if (place) openMenu(flame, flame.focus, box.left + place.x + 20, box.top + flame.rowY(place.row) - $('flame').scrollTop + 20);
  },
  Enter: () => flame.focus >= 0 && pick(flame, flame.focus, 0),
  Escape: () => {
    if (state.query) search('');
    else if (state.small) go({small: ''});
    else if (state.zoom.length) go({zoom: state.zoom.slice(0, -1)});
    else if (state.view === 'fn') go({view: 'down', fn: ''});
    else focusOn(-1);
  },
  '?': () => showKeys($('keys')),
};
const focusedFn = () => (flame.focus > 0 ? fnAt(tree.key[flame.focus]) : labels.fn(state.source));

on(window, 'keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'f' && document.activeElement !== $('query')) {
    event.preventDefault();
    $('query').select();
    return;
  }
  const tag = event.target.tagName;
  if (event.ctrlKey || event.metaKey || event.altKey || $('keys').open || !meta) return;
  if (tag === 'INPUT' || tag === 'SELECT' || tag === 'TEXTAREA') return;
  if (event.key === 'Enter' && tag === 'BUTTON') return;
  const arrow = /^Arrow(Left|Right|Up|Down)$/.exec(event.key);
  if (arrow && flame.rects) {
    const node = flame.neighbour(arrow[1].toLowerCase());
    if (node >= 0) focusOn(node);
  } else if (KEY_ACTIONS[event.key]) KEY_ACTIONS[event.key]();
  else return;
  event.preventDefault();
});

// ---- paper

on(window, 'beforeprint', () => {
  if (!tree) return;
  const theme = document.documentElement.dataset.theme;
  setTheme('light');
  flame.draw();
  const picture = element('img', {src: flame.canvas.toDataURL(), alt: 'Flame graph'});
  const link = element('a', {href: location.href}, location.href);
  $('printed').replaceChildren(picture, table.columns ? table.printed(50) : '', element('p', {}, link));
  setTheme(theme);
});

async function begin() {
  setTheme('');
  on(matchMedia('(prefers-color-scheme: dark)'), 'change', () => setTheme(''));
  showDetails(flame, -1);
  let aboutAsked;
  await takePieces(['about', 'a', 'b'], (name, text) => {
    if (name === 'about') aboutAsked = model.ask('text', {pieces: [text]});
    else model.ask('piece', {side: 'ab'.indexOf(name), text});
  });
  const loading = model.ask('load', {});
  // The first picture is added up at once, unless only the profile tells what it is of.
  if (!state.fn && !state.range && state.view !== 'callers') askView();
  meta = await loading;
  about = JSON.parse(await aboutAsked);
  labels = new Labels(meta.functions);
  heatmap.host.origin = meta.headers[0].first_ms;
  $('title').textContent = visible(about.title || 'profile');
  $('title').title = visible(about.command || '');
  document.title = visible(about.title || 'profile') + ' · profd';
  $('query').value = state.query;
  const timed = meta.events.some((n) => n > 0);
  if (!timed || !state.range) show();
  labels.of(0);  // made while the worker adds up
  if (timed) {
    await wholePage();
    await model.ask('times', {sides: meta.headers.map((unused, s) => pieces('times-' + 'ab'[s]))});
    meta.timed = meta.events[0] > 0;
    show();
  }
  window.profd.ready = true;
}

// For tests and measurements.
window.profd = {model, flame, heatmap, go, get state() { return state; }, get meta() { return meta; },
  get tree() { return tree; }, get callers() { return callers; }, get totals() { return totals; }, get found() { return found; },
  get table() { return table; }, get firstPicture() { return firstPicture; }, palette, get colors() { return colors; },
  nameOf: (node) => nameOf(tree, node)};

begin().catch((error) => {
  const said = 'This page could not be read: ' + error.message;
  $('details').textContent = said;
  throw error;
});
