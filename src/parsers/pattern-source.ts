/** The text of a pattern taken apart, as far as lastpush itself must understand it: its groups, and
 *  its elements in order. RE2 alone decides what is valid; this is asked only of valid patterns. */

/** Where a capturing group opens: `at` is its parenthesis, `length` that of `(` or `(?<name>`. */
interface GroupOpening {
  readonly at: number
  readonly length: number
  /** null for a group without a name. */
  readonly name: string | null
}

/** Names of the capturing groups in the order of their numbers; null for one without a name. */
export function groupNames(source: string): (string | null)[] {
  return groupOpenings(source).map(({ name }) => name)
}

/** The same pattern with its groups known by number alone. */
export function withoutGroupNames(source: string): string {
  let text = ''
  let from = 0
  for (const { at, length } of groupOpenings(source)) {
    text += `${source.slice(from, at)}(`
    from = at + length
  }
  return text + source.slice(from)
}

function groupOpenings(source: string): GroupOpening[] {
  const openings: GroupOpening[] = []
  for (let at = 0; at < source.length; at = atomEnd(source, at, false)) {
    if (source[at] !== '(') continue
    const named = /\(\?P?<([^>]*)>/y
    named.lastIndex = at
    const match = named.exec(source)
    if (match !== null) openings.push({ at, length: match[0].length, name: match[1] ?? '' })
    else if (source[at + 1] !== '?') openings.push({ at, length: 1, name: null })
  }
  return openings
}

/**
 * The alternatives of a pattern, each as its elements: a character, class or group with its
 * quantifier. Joining the elements gives the alternative again.
 */
export function elements(source: string): string[][] {
  const alternatives: string[][] = [[]]
  for (let at = 0; at < source.length;) {
    const end = quantifierEnd(source, atomEnd(source, at, true))
    if (source[at] === '|') alternatives.push([])
    else alternatives.at(-1)?.push(source.slice(at, end))
    at = end
  }
  return alternatives
}

/** Where the atom at `at` ends; a group is one atom when `whole`, else only its parenthesis. */
function atomEnd(source: string, at: number, whole: boolean): number {
  const character = source[at]
  if (character === '\\') return escapeEnd(source, at)
  if (character === '[') return classEnd(source, at)
  if (character === '(' && whole) return groupEnd(source, at)
  return at + ((source.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
}

function escapeEnd(source: string, at: number): number {
  const quoted = /\\Q(?:[^\\]|\\(?!E))*(?:\\E)?/y
  const escape =
    /\\(?:x\{[^}]*\}|x[0-9A-Fa-f]{2}|u\{[^}]*\}|u[0-9A-Fa-f]{4}|[pP]\{[^}]*\}|[pP].|c.|[0-7]{1,3}|[^])/uy
  for (const form of [quoted, escape]) {
    form.lastIndex = at
    const match = form.exec(source)
    if (match !== null) return at + match[0].length
  }
  return source.length
}

function classEnd(source: string, at: number): number {
  // The first character of a class is a member, also when it is a closing bracket.
  let inside = at + (source[at + 1] === '^' ? 2 : 1)
  if (source[inside] === ']') inside += 1
  while (inside < source.length && source[inside] !== ']') {
    if (source[inside] === '\\') inside = escapeEnd(source, inside)
    else if (source.startsWith('[:', inside)) inside = posixClassEnd(source, inside)
    else inside += 1
  }
  return inside + 1
}

function posixClassEnd(source: string, at: number): number {
  const end = source.indexOf(':]', at + 2)
  return end < 0 ? at + 1 : end + 2
}

function groupEnd(source: string, at: number): number {
  let depth = 0
  for (let inside = at; inside < source.length; inside = atomEnd(source, inside, false)) {
    if (source[inside] === '(') depth += 1
    if (source[inside] === ')' && --depth === 0) return inside + 1
  }
  return source.length
}

function quantifierEnd(source: string, at: number): number {
  const quantifier = /(?:[*+?]|\{\d+(?:,\d*)?\})\??/y
  quantifier.lastIndex = at
  return at + (quantifier.exec(source)?.[0].length ?? 0)
}
