// Fills by kind of code, shaded by a hash of the file; contrast holds by construction.

export const KINDS = ['own code', 'library', 'standard library', 'native', 'kernel', 'waiting', 'about the stack'];
const HUES = [[24, 0.9], [212, 0.75], [160, 0.75], [268, 0.5], [342, 0.62], [215, 0.16], [40, 0.06]];
const SHADES = 5;

// Relative luminance as WCAG 2 defines it.
function luminance([r, g, b]) {
  const linear = (c) => (c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

function fromHsl(hue, saturation, lightness) {
  const a = saturation * Math.min(lightness, 1 - lightness);
  return [0, 8, 4].map((n) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  });
}

// The color of this hue that has this luminance.
function atLuminance(hue, saturation, wanted) {
  let low = 0, high = 1;
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (luminance(fromHsl(hue, saturation, middle)) < wanted) low = middle; else high = middle;
  }
  return fromHsl(hue, saturation, low);
}

// {fills: [kind][shade], change: {less, more, same}, text, ground, …} as RGB triples.
export function palette(dark) {
  const at = (shade) => (dark ? 0.26 + shade * 0.035 : 0.108 + shade * 0.0155);
  const shades = (hue, saturation) =>
    Array.from({length: SHADES}, (unused, s) => atLuminance(hue, saturation, at(s)));
  return {
    fills: HUES.map(([hue, saturation]) => shades(hue, saturation)),
    change: {less: shades(212, 0.85), more: shades(24, 0.95), same: shades(215, 0.07)},
    text: dark ? [10, 12, 16] : [255, 255, 255],
    ground: dark ? [22, 24, 29] : [255, 255, 255],
    ink: dark ? [232, 234, 238] : [24, 28, 35],
    hit: dark ? [255, 221, 87] : [255, 214, 51],
    hitText: [20, 18, 8],
    merged: atLuminance(215, 0.08, 0.2),
    accent: dark ? [110, 168, 254] : [20, 92, 200],
    second: dark ? [255, 170, 90] : [176, 84, 0],
  };
}

export const css = ([r, g, b], alpha = 1) => `rgba(${r},${g},${b},${alpha})`;

export function shadeOf(text) {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return ((h >>> 8) ^ h >>> 20) % SHADES;
}
