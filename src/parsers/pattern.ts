/** One declared pattern on RE2, whose time is linear in the line, so that no pattern can hang the
 *  daemon. A pattern is of the whole line, anchored at both ends. */
import RE2 from 're2'
import { elements, groupNames, withoutGroupNames } from './pattern-source.ts'

/** How far a pattern gets in a line that it does not fit. */
interface Reach {
  /** UTF-16 units of the line that its longest fitting beginning takes. */
  readonly units: number
  /** The last named group in that beginning; null when there is none. */
  readonly group: string | null
}

export class Pattern {
  /** Names of the groups by number less one; definition.ts refuses groups without a name. */
  readonly groups: readonly string[]
  readonly source: string
  readonly #regex: RegExp
  /** Beginnings by alternative and number of elements, compiled when a line is first explained. */
  readonly #beginnings = new Map<string, RegExp>()

  /** @throws SyntaxError when RE2 refuses the pattern. */
  constructor(source: string) {
    // RE2 judges the pattern as it is written, names included. The one that runs has none, as
    // re2 would build an object of them for every line: half of its time.
    new RE2(source)
    this.source = source
    this.#regex = new RE2(`^(?:${withoutGroupNames(source)})$`, 'd')
    this.groups = groupNames(source).map((name) => name ?? '')
  }

  /** [start, end) in UTF-16 units of the match and of each group; null when it does not fit. */
  spans(line: string): readonly (readonly [number, number] | undefined)[] | null {
    return this.#regex.exec(line)?.indices ?? null
  }

  /** True when the pattern fits. */
  test(line: string): boolean {
    return this.#regex.test(line)
  }

  /** How far it gets: by bisection, as each beginning of a fitting beginning fits as well. */
  reach(line: string): Reach {
    let best: Reach = { units: 0, group: null }
    for (const [index, alternative] of elements(this.source).entries()) {
      let fits = 0
      let units = 0
      for (let tooMany = alternative.length + 1; tooMany - fits > 1;) {
        const middle = (fits + tooMany) >> 1
        const match = this.#beginning(index, alternative.slice(0, middle)).exec(line)
        if (match === null) tooMany = middle
        else {
          fits = middle
          units = match[0].length
        }
      }
      if (units <= best.units) continue
      const named = groupNames(alternative.slice(0, fits).join(''))
      best = { units, group: named.findLast((name) => name !== null) ?? null }
    }
    return best
  }

  #beginning(alternative: number, parts: readonly string[]): RegExp {
    const key = `${alternative}:${parts.length}`
    const known = this.#beginnings.get(key)
    if (known !== undefined) return known
    const regex = new RE2(`^(?:${parts.join('')})`)
    this.#beginnings.set(key, regex)
    return regex
  }
}
