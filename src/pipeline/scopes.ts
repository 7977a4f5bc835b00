/** Which scope each row of a batch belongs to: a short list of keys and a number per row, since
 *  nearly every batch has one scope and no line should make a string to say so. */

export interface RowScopes {
  /** Scope keys of the batch; a key may stand twice. */
  readonly keys: readonly string[]
  /** Index into `keys` by row; null where every row has the first. */
  readonly of: Int32Array | null
}

/** The scope key of one row. */
export function scopeAt({ keys, of }: RowScopes, row: number): string {
  return keys[of === null ? 0 : of[row]!] ?? ''
}

/** Every row has this scope. */
export function oneScope(key: string): RowScopes {
  return { keys: [key], of: null }
}

/** Builds the scopes of rows that differ. */
export class ScopeRows {
  readonly #of: Int32Array
  readonly #keys: string[] = []
  readonly #ids = new Map<string, number>()

  constructor(rows: number) {
    this.#of = new Int32Array(rows)
  }

  /** Number of a key, for `set`. */
  id(key: string): number {
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = this.#keys.length
      this.#keys.push(key)
      this.#ids.set(key, id)
    }
    return id
  }

  set(row: number, id: number): void {
    this.#of[row] = id
  }

  done(): RowScopes {
    return this.#keys.length <= 1
      ? oneScope(this.#keys[0] ?? '')
      : { keys: this.#keys, of: this.#of }
  }
}
