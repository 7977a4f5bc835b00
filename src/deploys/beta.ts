/** The incomplete beta function, from which the tails and intervals of evidence.ts are made. */

/** ln Γ(x) for x > 0, relative error below 1e-14. Lanczos, g = 7, n = 9 (Godfrey 2001). */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const shifted = x - 1
  let sum = lanczos[0] ?? 0
  for (let at = 1; at < lanczos.length; at++) sum += (lanczos[at] ?? 0) / (shifted + at)
  const t = shifted + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum)
}

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
] // prettier-ignore

/**
 * The regularized incomplete beta function I_x(a, b): P(B <= x) for B ~ Beta(a, b).
 * Continued fraction by Lentz's method, as in Press et al., Numerical Recipes, 3rd ed., 6.4.
 * @param x In [0, 1]; a, b > 0. Takes in the order of sqrt(max(a, b)) steps.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const logFront =
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)
  const front = Math.exp(logFront)
  if (x < (a + 1) / (a + b + 2)) return clamp((front * continuedFraction(x, a, b)) / a)
  return clamp(1 - (front * continuedFraction(1 - x, b, a)) / b)
}

/** The x with I_x(a, b) = p, by bisection. */
export function betaQuantile(p: number, a: number, b: number): number {
  let low = 0
  let high = 1
  // Halving a double's range below 1 ends well before 200 steps; small quantiles need them all.
  for (let step = 0; step < 200; step++) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high || high - low <= 1e-12 * high) break
    if (incompleteBeta(middle, a, b) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

const stepsMax = 100_000
const tiny = 1e-300

function continuedFraction(x: number, a: number, b: number): number {
  let c = 1
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1))
  let value = d
  for (let m = 1; m <= stepsMax; m++) {
    const even = (m * (b - m) * x) / ((a - 1 + 2 * m) * (a + 2 * m))
    d = 1 / nonZero(1 + even * d)
    c = nonZero(1 + even / c)
    value *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 1 + 2 * m))
    d = 1 / nonZero(1 + odd * d)
    c = nonZero(1 + odd / c)
    value *= d * c
    if (Math.abs(d * c - 1) < 1e-14) break
  }
  return value
}

function nonZero(value: number): number {
  return Math.abs(value) < tiny ? tiny : value
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share))
}
