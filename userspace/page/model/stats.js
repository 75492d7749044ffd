// What may be said of a count of samples.

const Z95 = 1.96;

// Half the width of Wilson's 95% interval of a share of `k` in `n`.
export function margin(k, n) {
  if (n <= 0) return 0;
  const p = Math.min(1, k / n), z2 = Z95 * Z95;
  return Z95 * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n)) / (1 + z2 / n);
}

// Score of the change from ka of na to kb of nb: shares, or rates where `na` and `nb` are seconds.
export function changeScore(ka, na, kb, nb, rates) {
  if (!(na > 0) || !(nb > 0)) return 0;
  const pooled = (ka + kb) / (na + nb);
  const variance = rates ? pooled / na + pooled / nb : pooled * (1 - pooled) * (1 / na + 1 / nb);
  return variance > 0 ? (kb / nb - ka / na) / Math.sqrt(variance) : 0;
}

// The score that one of `tests` changes by chance passes in 5% of comparisons (Bonferroni), by a
// rational approximation (Abramowitz and Stegun 26.2.23).
export function criticalScore(tests) {
  const t = Math.sqrt(-2 * Math.log(0.025 / Math.max(1, tests)));
  return t - (2.515517 + t * (0.802853 + t * 0.010328)) /
    (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}
