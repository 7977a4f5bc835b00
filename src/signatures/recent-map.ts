/** A bounded map that keeps what was used last: two maps, of which the older one goes when the newer
 *  is full. Dropping one entry for each new one would be dearer than most of what is remembered. */
export class RecentMap<V> {
  readonly #max: number
  #newer = new Map<string, V>()
  #older = new Map<string, V>()

  /** @param max Of the entries used last at least so many are kept, and at most twice as many. */
  constructor(max: number) {
    this.#max = max
  }

  get(key: string): V | undefined {
    const found = this.#newer.get(key)
    if (found !== undefined) return found
    const older = this.#older.get(key)
    if (older !== undefined) this.set(key, older)
    return older
  }

  set(key: string, value: V): void {
    if (this.#newer.size >= this.#max) {
      this.#older = this.#newer
      this.#newer = new Map()
    }
    this.#newer.set(key, value)
  }
}
