// Numbers and names as people read them.
import {margin} from '../model/stats.js';

// Names come from strangers: what would hide or turn around text is written out.
export function visible(text) {
  return text.replace(/[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
}

export function percent(share) {
  const p = share * 100;
  return (p >= 99.95 ? '100' : p >= 10 ? p.toFixed(1) : p >= 0.1 ? p.toFixed(2) : p.toFixed(3)) + '%';
}

export function seconds(s) {
  const a = Math.abs(s);
  if (a >= 3600) return (s / 3600).toFixed(1) + ' h';
  if (a >= 100) return s.toFixed(0) + ' s';
  if (a >= 1) return s.toFixed(2) + ' s';
  if (a >= 1e-3) return (s * 1e3).toFixed(a >= 0.1 ? 0 : 1) + ' ms';
  return a ? (s * 1e6).toFixed(0) + ' µs' : '0 s';
}

export const integer = (n) => Math.round(n).toLocaleString('en-US');

export function cores(value) {
  return (value >= 10 ? value.toFixed(1) : value >= 0.1 ? value.toFixed(2) : value.toFixed(3)) + ' cores';
}

// "12.3% ± 0.4"; of under 10 samples the count alone.
export function share(weight, total, n, of) {
  if (!total || !n) return '–';
  if (n < 10) return integer(n) + (Math.round(n) === 1 ? ' sample' : ' samples');
  const m = margin(n, of) * 100;
  return percent(weight / total) + ' ± ' + (m >= 1 ? m.toFixed(1) : m >= 0.1 ? m.toFixed(2) : m.toFixed(3));
}

export function clock(ms, utc, withDate) {
  const d = new Date(ms), two = (n) => String(n).padStart(2, '0');
  const get = (what) => d[(utc ? 'getUTC' : 'get') + what]();
  const time = `${two(get('Hours'))}:${two(get('Minutes'))}:${two(get('Seconds'))}`;
  const rest = get('Milliseconds');
  const exact = rest ? time + '.' + String(rest).padStart(3, '0') : time;
  return withDate ? `${get('FullYear')}-${two(get('Month') + 1)}-${two(get('Date'))} ${exact}` : exact;
}

export const baseOf = (file) => file.slice(file.lastIndexOf('/') + 1);
