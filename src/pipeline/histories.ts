/** The histories of all scopes, as rules about deploys and the search for suspects read them. */
import { scopeOf } from '../model/scope.ts'
import { History, historyMs, type ExposureKind } from '../windows/history.ts'
import { anyScope } from '../windows/watermark.ts'
import { getOrMake } from './partial.ts'

export class Histories {
  readonly #exposure: (service: string | null) => ExposureKind
  readonly #byScope = new Map<string, History>()

  constructor(exposure: (service: string | null) => ExposureKind) {
    this.#exposure = exposure
  }

  of(scope: string): History {
    const make = () => new History(this.#exposure(scopeOf(scope).service))
    return getOrMake(this.#byScope, scope, make)
  }

  [Symbol.iterator](): IterableIterator<[string, History]> {
    return this.#byScope.entries()
  }

  /** Second of a scope's first event; of the first at all for `anyScope`; Infinity before it. */
  first(scope: string): number {
    if (scope !== anyScope) return this.of(scope).first
    return [...this.#byScope.values()].reduce(
      (least, { first }) => Math.min(least, first),
      Infinity,
    )
  }

  /** Drops what no decision after the watermark (ms) can need. Every scope moves on, also one that no
   *  series happens to watch at this moment. */
  prune(watermark: (scope: string) => number): void {
    for (const [scope, history] of this.#byScope) {
      history.prune((watermark(scope) - historyMs) / 1_000)
    }
  }
}
