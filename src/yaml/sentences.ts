/** What is wrong with a value, in a sentence that says what to write instead. Handed to the schema
 *  library as its error map, so that a message that a schema gives itself still wins. */
import type { z } from 'zod'

const kinds = new Map([
  ['string', 'text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['object', 'a map of keys'],
  ['record', 'a map of keys'],
  ['array', 'a list'],
  ['null', 'nothing'],
])

/** Words that other versions of YAML read as truth values; here they are text. */
const oldBooleans = new Set(['yes', 'no', 'on', 'off', 'y', 'n'])

/** The sentence for an issue; undefined leaves it to the library. */
export function sentenceOf(issue: z.core.$ZodRawIssue): string | undefined {
  const got = `, got ${shown(issue.input)}`
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return `is missing; expected ${kindName(issue.expected)}`
      return `expected ${kindName(issue.expected)}${got}${hint(issue.expected, issue.input)}`
    case 'invalid_value':
      return `expected ${oneOf(issue.values.map(String))}${got}${meant(issue.input, issue.values)}`
    case 'too_small': {
      const bound = issue.inclusive === false ? 'more than' : 'at least'
      return `expected ${bound} ${issue.minimum}${unitOf(issue.origin)}${got}`
    }
    case 'too_big': {
      const bound = issue.inclusive === false ? 'less than' : 'at most'
      return `expected ${bound} ${issue.maximum}${unitOf(issue.origin)}${got}`
    }
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}${got}`
    case 'invalid_format': {
      const form = issue.format === 'regex' ? String(issue.pattern) : issue.format
      return `does not have the form of ${form}${got}`
    }
    case 'invalid_union':
      return issue.discriminator === undefined ? undefined : choice(issue, issue.discriminator)
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'unrecognized_keys':
      return undefined
  }
}

/** What a type is called in a sentence. */
export function kindName(expected: string): string {
  return kinds.get(expected) ?? expected
}

/** `a`, `a or b`, `one of a, b, c`. */
export function oneOf(names: readonly string[]): string {
  return names.length > 2 ? `one of ${names.join(', ')}` : names.join(' or ')
}

/** A value as it may stand in a message: short, on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a map of keys'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text
}

/** ` (did you mean X?)` for the known name that is nearest, '' when none is near. */
export function meant(given: unknown, known: readonly unknown[]): string {
  if (typeof given !== 'string') return ''
  let best = ''
  let bestDistance = Math.min(3, Math.ceil(given.length / 2))
  for (const name of known.map(String)) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [name, distance]
  }
  return best === '' ? '' : `; did you mean ${best}?`
}

/** A map says by one key which kind it is, and that key is missing or names no kind. */
function choice(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>, key: string): string {
  const given: unknown = new Map(Object.entries(issue.input ?? {})).get(key)
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : []
  const expected = `expected ${oneOf(options.map(String))}`
  if (given === undefined) return `is missing; ${expected}`
  return `${expected}, got ${shown(given)}${meant(given, options)}`
}

function hint(expected: string, input: unknown): string {
  if (expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')) {
    return `; put it in quotes: "${input}"`
  }
  const old = typeof input === 'string' && oldBooleans.has(input.toLowerCase())
  return expected === 'boolean' && old ? '; in YAML 1.2 this word is text' : ''
}

function unitOf(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : ''
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one to the other.
 *  Optimal string alignment; names are short, so that length is cut at 64. */
function editDistance(from: string, to: string): number {
  const [a, b] = [from.slice(0, 64), to.slice(0, 64)]
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + cost,
        isSwap ? (beforeLast[j - 2] ?? 0) + 1 : Infinity,
      )
    }
    ;[beforeLast, last] = [last, row]
  }
  return last[b.length] ?? 0
}
