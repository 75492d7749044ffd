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
// seconds; `lit` the part of samples that `match` (by sample) flags.
export function heatmap(store, side, mask, match, mode, columns, metric) {
  const {time, sample, ticks} = store.events[side], samples = store.samples[side];
  const value = metric === 'wall' ? samples.wall : samples.cpu, sums = store.ticks[side];
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
      const name = (mode === 'thread' && l.thread) || l.comm || mode;
      if (!groups.has(id)) groups.set(id, {id, pid: l.pid, tid: l.tid, name, sum: 0, labels: []});
      groups.get(id).labels.push(i);
    });
    const byLabel = new Float64Array(store.labels.length);
    for (let i = 0; i < mask.length; i++) if (mask[i]) byLabel[samples.labels[i]] += value[i];
    for (const g of groups.values()) for (const l of g.labels) g.sum += byLabel[l];
    const main = (g) => (mode === 'thread' && g.pid === g.tid ? 1 : 0);
    const busiest = [...groups.values()].filter((g) => g.sum > 0).sort(
      (a, b) => main(b) - main(a) || b.sum - a.sum);
    busiest.forEach((g, row) => g.labels.forEach((l) => { rowOf[l] = row; }));
    rows = busiest.length;
    names = busiest.map(({id, pid, tid, name, sum}) => ({id, pid, tid, name, sum}));
  }
  const seconds = columnSeconds(span, columns, time.length / span, mode === 'heat' ? rows : 1);
  const width = Math.ceil(span / seconds);
  const cells = new Float32Array(width * rows), lit = match ? new Float32Array(width * rows) : null;
  const perColumn = seconds * 1000;
  for (let i = 0; i < time.length; i++) {
    const s = sample[i];
    if (!mask[s]) continue;
    const position = time[i] / perColumn, x = Math.floor(position);
    const y = rowOf ? rowOf[samples.labels[s]] : Math.floor((position - x) * rows);
    if (y < 0) continue;
    const w = (value[s] * (ticks ? ticks[i] : 1)) / sums[s];
    cells[y * width + x] += w;
    if (match && match[s]) lit[y * width + x] += w;
  }
  return {cells, lit, rows, columns: width, seconds, span, names};
}
