/** Seeded random numbers for simulations; the same on every machine. */

type Random = () => number

/** Mulberry32: uniform in [0, 1). */
export function random(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Times of a Poisson process of `rate` events a second in [0, seconds). */
export function poissonTimes(uniform: Random, rate: number, seconds: number): number[] {
  const times: number[] = []
  for (let at = 0; ;) {
    at -= Math.log(1 - uniform()) / rate
    if (at >= seconds) return times
    times.push(at)
  }
}
