/** Classes of RE2's dialect → sets of characters: `[…]`, `\d` and its like, POSIX names. */
import { ByteSet } from './byte-set.ts'
import { Refusal, type CharSet } from './ir.ts'

const digit = (byte: number): boolean => byte >= 48 && byte <= 57
const lower = (byte: number): boolean => byte >= 97 && byte <= 122
const upper = (byte: number): boolean => byte >= 65 && byte <= 90
const letter = (byte: number): boolean => lower(byte) || upper(byte)
const word = (byte: number): boolean => letter(byte) || digit(byte) || byte === 95
const graphic = (byte: number): boolean => byte > 32 && byte < 127

/** RE2's `\s` has no vertical tab; its [:space:] has. */
const perl: Readonly<Record<string, (byte: number) => boolean>> = {
  d: digit,
  s: (byte) => byte === 32 || byte === 9 || byte === 10 || byte === 12 || byte === 13,
  w: word,
}

const posix: Readonly<Record<string, (byte: number) => boolean>> = {
  alnum: (byte) => letter(byte) || digit(byte),
  alpha: letter,
  ascii: () => true,
  blank: (byte) => byte === 32 || byte === 9,
  cntrl: (byte) => byte < 32 || byte === 127,
  digit,
  graph: graphic,
  lower,
  print: (byte) => graphic(byte) || byte === 32,
  punct: (byte) => graphic(byte) && !letter(byte) && !digit(byte),
  space: (byte) => byte === 32 || (byte >= 9 && byte <= 13),
  upper,
  word,
  xdigit: (byte) => digit(byte) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70),
}

const ascii = (test: (byte: number) => boolean): ByteSet =>
  ByteSet.where((byte) => byte < 128 && test(byte))

export const anyCharacter: CharSet = { ascii: ascii(() => true), beyond: 'all' }

export function negated(set: CharSet): CharSet {
  const beyond = set.beyond === 'none' ? 'all' : set.beyond === 'all' ? 'none' : 'some'
  return { ascii: ascii((byte) => !set.ascii.has(byte)), beyond }
}

export function union(a: CharSet, b: CharSet): CharSet {
  const either = [a.beyond, b.beyond]
  const beyond = either.includes('all') ? 'all' : either.includes('some') ? 'some' : 'none'
  return { ascii: a.ascii.or(b.ascii), beyond }
}

/** `\d`, `\D` and so on, by their letter; null for another. */
export function perlClass(name: string): CharSet | null {
  const test = perl[name.toLowerCase()]
  if (test === undefined || !Object.hasOwn(perl, name.toLowerCase())) return null
  const set: CharSet = { ascii: ascii(test), beyond: 'none' }
  return name === name.toLowerCase() ? set : negated(set)
}

/** The characters from one code point to another. */
export function rangeSet(low: number, high: number): CharSet {
  const beyond = high < 128 ? 'none' : low <= 128 && high === 0x10ffff ? 'all' : 'some'
  return { ascii: ascii((byte) => byte >= low && byte <= high), beyond }
}

/** With both cases of its letters. U+212A and U+017F fold to k and s. */
export function foldCase(set: CharSet): CharSet {
  const has = (byte: number): boolean => set.ascii.has(byte)
  const both = ascii((byte) => has(byte) || (letter(byte) && has(byte ^ 32)))
  const folds = [107, 115].some((byte) => both.has(byte)) || set.beyond === 'some'
  return { ascii: both, beyond: set.beyond === 'all' ? 'all' : folds ? 'some' : 'none' }
}

/** What reads the escapes inside a class; it is the reader's, who knows them outside as well. */
type ReadEscape = (at: number) => { readonly code: number; readonly end: number }

/**
 * Reads `[…]`.
 * @param at Of its opening bracket.
 * @returns The set, and where the text goes on.
 */
export function readClass(
  source: string,
  at: number,
  fold: boolean,
  readEscape: ReadEscape,
): { readonly set: CharSet; readonly end: number } {
  const negative = source[at + 1] === '^'
  let set: CharSet = { ascii: ByteSet.of(), beyond: 'none' }
  let here = at + (negative ? 2 : 1)
  for (let first = true; first || source[here] !== ']'; first = false) {
    if (here >= source.length) throw new Refusal('a class that is not closed', at)
    const named = namedClass(source, here)
    if (named !== null) {
      set = union(set, named.set)
      here = named.end
      continue
    }
    const low = member(source, here, readEscape)
    here = low.end
    let high = low
    if (source[here] === '-' && source[here + 1] !== ']' && here + 1 < source.length) {
      high = member(source, here + 1, readEscape)
      here = high.end
    }
    set = union(set, rangeSet(low.code, high.code))
  }
  if (fold) set = foldCase(set)
  return { set: negative ? negated(set) : set, end: here + 1 }
}

function namedClass(source: string, at: number): { set: CharSet; end: number } | null {
  if (source[at] === '\\') {
    const set = perlClass(source[at + 1] ?? '')
    return set === null ? null : { set, end: at + 2 }
  }
  const match = /^\[:(\^?)([a-z]+):\]/.exec(source.slice(at, at + 12))
  if (match === null) return null
  const [text, negative, name = ''] = match
  const test = posix[name]
  if (test === undefined || !Object.hasOwn(posix, name)) {
    throw new Refusal(`the class ${text}`, at)
  }
  const set: CharSet = { ascii: ascii(test), beyond: 'none' }
  return { set: negative === '^' ? negated(set) : set, end: at + text.length }
}

function member(source: string, at: number, readEscape: ReadEscape): { code: number; end: number } {
  if (source[at] === '\\') return readEscape(at)
  const code = source.codePointAt(at) ?? 0
  return { code, end: at + (code > 0xffff ? 2 : 1) }
}
