/** A scope: one service in one environment. Watermarks, histories and verdicts are kept per scope. */

export interface Scope {
  /** null: the source does not say. */
  readonly service: string | null
  readonly env: string
}

/** A key for maps; unambiguous for any names. */
export function scopeKey(scope: Scope): string {
  return scope.service === null ? scope.env : `${scope.env}\u0000${scope.service}`
}

export function scopeOf(key: string): Scope {
  const cut = key.indexOf('\u0000')
  return cut < 0
    ? { service: null, env: key }
    : { service: key.slice(cut + 1), env: key.slice(0, cut) }
}
