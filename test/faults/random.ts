/** Seeded randomness: a failing run names its seed, and the same seed takes the same decisions. */

export interface Random {
  readonly seed: number
  /** In [0, 1). */
  next(): number
  /** A whole number in [0, below). */
  below(below: number): number
  pick<T>(from: readonly T[]): T
}

/** By the seed of LASTPUSH_FAULTS_SEED, or a fresh one. */
export function seeded(): Random {
  const given = process.env['LASTPUSH_FAULTS_SEED']
  return randomOf(given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given))
}

/** Mulberry32, by T. Ettinger. */
export function randomOf(seed: number): Random {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  const pick = <T>(from: readonly T[]) => from[below(from.length)] as T
  return { seed, next, below, pick }
}
