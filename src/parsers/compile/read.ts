/** The text of a pattern → its tree. RE2 has already said that the pattern is legal; what this does
 *  not know, it refuses by name, and RE2 runs the pattern. A general regex library was not taken:
 *  those at hand read JavaScript's dialect, which differs from RE2's in classes and flags. */
import { ByteSet } from './byte-set.ts'
import { Refusal, type CharSet, type Node } from './ir.ts'
import { normal } from './normal.ts'
import { anyCharacter, foldCase, perlClass, readClass } from './read-class.ts'

/** @throws Refusal Where something is not understood. */
export function readPattern(source: string): Node {
  const reader = new Reader(source)
  const node = reader.alternation(false)
  if (reader.at < source.length) throw new Refusal('a closing parenthesis too many', reader.at)
  return normal(node)
}

const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, a: 7 }

class Reader {
  readonly #source: string
  at = 0
  #groups = 0

  constructor(source: string) {
    this.#source = source
  }

  /** @param fold The flag i is on; it holds to the end of the group, over alternatives. */
  alternation(fold: boolean): Node {
    const from = this.at
    const flags = { fold }
    const alternatives: Node[] = [this.#sequence(flags)]
    while (this.#source[this.at] === '|') {
      this.at += 1
      alternatives.push(this.#sequence(flags))
    }
    const [only] = alternatives
    if (only !== undefined && alternatives.length === 1) return only
    return { type: 'choice', alternatives, at: from }
  }

  #sequence(flags: { fold: boolean }): Node {
    const from = this.at
    const items: Node[] = []
    while (this.at < this.#source.length && !/[|)]/.test(this.#source[this.at] ?? '')) {
      const at = this.at
      const atom = this.#atom(flags)
      if (atom !== null) items.push(this.#quantified(atom, at))
    }
    return { type: 'sequence', items, at: from }
  }

  #quantified(atom: Node, at: number): Node {
    const quantifier = /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})(\??)/y
    quantifier.lastIndex = this.at
    const match = quantifier.exec(this.#source)
    if (match === null) return atom
    this.at += match[0].length
    const [, sign, low = '0', comma, high = ''] = match
    const min = sign === undefined ? Number(low) : sign === '+' ? 1 : 0
    const most = comma === undefined ? min : high === '' ? Infinity : Number(high)
    const max = sign === undefined ? most : sign === '?' ? 1 : Infinity
    return { type: 'repeat', body: atom, min, max, greedy: match[5] !== '?', at }
  }

  /** null for flags, which are no part of the text. */
  #atom(flags: { fold: boolean }): Node | null {
    const from = this.at
    const character = this.#source[from]
    if (character === '(') return this.#group(flags)
    if (character === '[') {
      const escape = (at: number) => this.#escape(at)
      const { set, end } = readClass(this.#source, from, flags.fold, escape)
      this.at = end
      return { type: 'one', set, at: from }
    }
    if (character === '\\') return this.#escapedAtom(flags.fold)
    this.at += 1
    if (character === '.') return { type: 'one', set: anyCharacter, at: from }
    if (character === '^') return { type: 'start', at: from }
    if (character === '$') return { type: 'end', at: from }
    const code = this.#source.codePointAt(from) ?? 0
    this.at = from + (code > 0xffff ? 2 : 1)
    return text(code, flags.fold, from)
  }

  #group(flags: { fold: boolean }): Node | null {
    const from = this.at
    const rest = this.#source.slice(from)
    const named = /^\(\?P?<[^>]*>/.exec(rest)
    const plain = /^\(\?(?:([a-zA-Z]*)(?:-([a-zA-Z]*))?)([:)])/.exec(rest)
    if (named === null && plain === null && rest[1] === '?') {
      throw new Refusal(`the group ${rest.slice(0, 3)}`, from)
    }
    if (plain === null) {
      const group = this.#groups++
      this.at += named?.[0].length ?? 1
      return { type: 'capture', group, body: this.#closed(flags.fold), at: from }
    }
    const [opening, on = '', off = ''] = plain
    const unknown = /[^is]/.exec(on + off)
    if (unknown !== null) throw new Refusal(`the flag ${unknown[0]}`, from)
    const fold = on.includes('i') || (flags.fold && !off.includes('i'))
    this.at += opening.length
    if (plain[3] === ':') return this.#closed(fold)
    flags.fold = fold
    return null
  }

  #closed(fold: boolean): Node {
    const body = this.alternation(fold)
    if (this.#source[this.at] !== ')') throw new Refusal('a group that is not closed', this.at)
    this.at += 1
    return body
  }

  #escapedAtom(fold: boolean): Node {
    const from = this.at
    const letter = this.#source[from + 1] ?? ''
    if (letter === 'Q') throw new Refusal('a quotation \\Q…\\E', from)
    if (letter === 'A' || letter === 'z') {
      this.at += 2
      return { type: letter === 'A' ? 'start' : 'end', at: from }
    }
    const set = perlClass(letter)
    if (set !== null) {
      this.at += 2
      return { type: 'one', set: fold ? foldCase(set) : set, at: from }
    }
    const { code, end } = this.#escape(from)
    this.at = end
    return text(code, fold, from)
  }

  /** An escape that stands for one character. */
  #escape(at: number): { readonly code: number; readonly end: number } {
    const letter = this.#source[at + 1] ?? ''
    const control = controls[letter]
    if (control !== undefined && Object.hasOwn(controls, letter)) {
      return { code: control, end: at + 2 }
    }
    const hex = /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|[xu]\{([0-9A-Fa-f]{1,6})\})/y
    hex.lastIndex = at
    const match = hex.exec(this.#source)
    if (match !== null) {
      const digits = match[1] ?? match[2] ?? match[3] ?? ''
      return { code: parseInt(digits, 16), end: at + match[0].length }
    }
    if (/[A-Za-z0-9]/.test(letter) || letter === '') {
      throw new Refusal(`the escape \\${letter}`, at)
    }
    return { code: this.#source.charCodeAt(at + 1), end: at + 2 }
  }
}

/** A single character. */
function text(code: number, fold: boolean, at: number): Node {
  // U+FFFD stands for any invalid bytes, and half a surrogate pair for none.
  if (code === 0xfffd || (code >= 0xd800 && code <= 0xdfff)) {
    throw new Refusal(`the character U+${code.toString(16).toUpperCase()}`, at)
  }
  if (code < 128) {
    const alone: CharSet = { ascii: ByteSet.of(code), beyond: 'none' }
    return { type: 'one', set: fold ? foldCase(alone) : alone, at }
  }
  if (fold) return { type: 'one', set: { ascii: ByteSet.of(), beyond: 'some' }, at }
  return { type: 'literal', bytes: [...Buffer.from(String.fromCodePoint(code))], at }
}
