/** Bounds the scopes that have a watermark, a history and verdicts of their own. Service and
 *  environment may come from the line, and a line may say anything. */
import { scopeKey } from '../model/scope.ts'
import type { RowScopes } from './scopes.ts'

/** Scopes with series of their own. */
export const scopesMax = 1_000
/** What further scopes are counted as, all together. */
export const otherScope = scopeKey({ service: '(other)', env: '(other)' })

export class ScopeTable {
  readonly #known = new Set<string>()

  add(scope: string): void {
    this.#known.add(scope)
  }

  /** The same scopes, with those beyond the bound replaced. */
  bound({ keys, of }: RowScopes): RowScopes {
    return { keys: keys.map((key) => this.#bound(key)), of }
  }

  #bound(scope: string): string {
    if (this.#known.has(scope)) return scope
    if (this.#known.size >= scopesMax) return otherScope
    this.#known.add(scope)
    return scope
  }
}
