// What was measured and how well: rate, samples, loss, and where the time went.
import {css, KINDS} from './color.js';
import {clock, cores, integer, percent, seconds, visible} from './format.js';
import {element} from './dom.js';

function item(name, value, title, kind) {
  return element('div', {title, class: kind}, element('small', {}, name), element('b', {}, value));
}

// Nothing says what the lost samples were of: loss is always of the whole recording.
function figures(header, sum, name) {
  const lost = header.lost.map(([reason, n]) => [reason, +n]).filter(([, n]) => n > 0);
  const gone = lost.reduce((all, [, n]) => all + n, 0), taken = header.samples + gone;
  const asked = header.period_ns ? 1e9 / header.period_ns : 0;
  const before = name ? name + ': ' : '';
  const items = [item(before + 'samples', integer(sum.samples)),
    item(before + (header.has_wall ? 'time' : 'CPU'), `${seconds(sum.total)} · ${cores(sum.seconds ? sum.total / sum.seconds : 0)}`)];
  if (asked) {
    const kept = taken ? header.samples / taken : 1;
    items.push(item(before + 'rate reached', `${+(asked * kept).toFixed(1)} of ${+asked.toFixed(1)} Hz`));
  }
  const reasons = lost.map(([reason, n]) => `${visible(reason)} ${integer(n)}`);
  const box = item(before + 'lost', gone ? percent(gone / taken) : 'none', reasons.join('\n'), gone ? 'bad' : '');
  if (gone) box.lastChild.append(element('small', {}, ' ' + reasons.slice(0, 3).join(', ') + (reasons[3] ? ', …' : '')));
  items.push(box);
  return items;
}

// sums: of the worker's summary(), one or two sides.
export function showStrip(box, headers, sums, colors) {
  const parts = sums.flatMap((sum, s) =>
    figures(headers[Math.min(s, headers.length - 1)], sum, sums.length > 1 ? 'AB'[s] : ''));
  const last = sums[sums.length - 1];
  const part = (k) => (last.total ? last.kinds[k] / last.total : 0);
  parts.push(item('native', percent(part(3))), item('kernel', percent(part(4))));
  if (last.kinds[5] > 0) {
    parts.push(item('waiting', percent(part(5))), item('GIL waited for', percent(last.gil / last.total)));
  }
  const kinds = element('span', {});
  KINDS.forEach((kind, k) => {
    if (part(k) > 0.001) {
      kinds.append(element('span', {title: `${kind} ${percent(part(k))}`,
        style: `flex:${part(k)};background:${css(colors.fills[k][2])}`}));
    }
  });
  parts.push(element('div', {id: 'kinds'}, element('small', {}, 'innermost frame, by kind'), kinds));
  box.replaceChildren(...parts);
}

export function whenText(header, utc) {
  if (!header.start_ms) return '';
  return `${clock(Math.floor(header.start_ms / 1000) * 1000, utc, true)} · ${seconds(header.duration)}`;
}
