// When samples fell: cells of a heatmap, or a row for each thread or process.

// A column a second, coarser until all fits and a busy cell expects 5 samples.
export function columnSeconds(span, columns, perSecond, rows) {
  let seconds = 1;
  const steps = [2, 2.5, 2];
  for (let i = 0; Math.ceil(span / seconds) > columns || (perSecond * seconds) / rows < 5; i++) {
    if (seconds >= span) break;
    seconds *= steps[i % 3];
  }
  return seconds;
}

// mode: 'heat' (rows are fractions of a column), 'thread', 'process'. Cells hold weight in
// seconds; cellOf says where each event went, -1 for nowhere.
export function heatmap(store, side, mask, mode, columns, metric) {
  const {time, sample, ticks, sums} = store.events(side), samples = store.samples[side];
  const value = metric === 'wall' ? samples.wall : samples.cpu;
  if (!time.length) return null;
  const span = Math.max(1, Math.ceil((time[time.length - 1] + 1) / 1000));
  const groups = new Map();
  let rowOf = null, names = null, rows;
  if (mode === 'heat') {
    rows = 20;
    while (rows > 5 && time.length / span / rows < 5) rows = rows === 20 ? 10 : 5;
  } else {
    rowOf = new Int32Array(store.labels.length).fill(-1);
    store.labels.forEach((l, i) => {
      if (l.side !== side) return;
      const id = mode === 'thread' ? l.tid : l.pid;
      if (!groups.has(id)) groups.set(id, {id, pid: l.pid, tid: l.tid, name: mode, sum: 0, labels: []});
      groups.get(id).labels.push(i);
    });
    const byLabel = new Float64Array(store.labels.length);
    for (let i = 0; i < mask.length; i++) if (mask[i]) byLabel[samples.labels[i]] += value[i];
    for (const g of groups.values()) {
      // Threads are renamed as they start: the name that most samples have.
      g.labels.sort((x, y) => byLabel[y] - byLabel[x]);
      const {thread, comm} = store.labels[g.labels[0]];
      g.name = (mode === 'thread' && thread) || comm || mode;
      for (const l of g.labels) g.sum += byLabel[l];
    }
    const main = (g) => (mode === 'thread' && g.pid === g.tid ? 1 : 0);
    const busiest = [...groups.values()].filter((g) => g.sum > 0).sort(
      (a, b) => main(b) - main(a) || b.sum - a.sum);
    busiest.forEach((g, row) => g.labels.forEach((l) => { rowOf[l] = row; }));
    rows = busiest.length;
    names = busiest.map(({id, pid, tid, name, sum}) => ({id, pid, tid, name, sum}));
  }
  const seconds = columnSeconds(span, columns, time.length / span, mode === 'heat' ? rows : 1);
  const width = Math.ceil(span / seconds);
  const cells = new Float32Array(width * rows), cellOf = new Int32Array(time.length).fill(-1);
  const weightOf = new Float32Array(mask.length), {labels} = samples;
  for (let s = 0; s < mask.length; s++) if (mask[s] && sums[s]) weightOf[s] = value[s] / sums[s];
  const perColumn = 1 / (seconds * 1000);
  for (let i = 0; i < time.length; i++) {
    const s = sample[i], w = weightOf[s];
    if (!w) continue;
    const position = time[i] * perColumn, x = position | 0;
    const y = rowOf ? rowOf[labels[s]] : ((position - x) * rows) | 0;
    if (y < 0) continue;
    cells[cellOf[i] = y * width + x] += ticks ? w * ticks[i] : w;
  }
  return {cells, cellOf, weightOf, rows, columns: width, seconds, span, names};
}

// The part of each cell whose samples `match` flags.
export function lightUp(map, store, side, match) {
  const {sample, ticks} = store.events(side), {cellOf, weightOf} = map;
  const lit = new Float32Array(map.cells.length);
  for (let i = 0; i < cellOf.length; i++) {
    const s = sample[i];
    if (match[s] && cellOf[i] >= 0) lit[cellOf[i]] += ticks ? weightOf[s] * ticks[i] : weightOf[s];
  }
  return lit;
}
