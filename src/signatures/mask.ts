/** Message → template: the scan that applies the masks. Knows how tokens follow each other; what
 *  is variable in them is masks.ts. */
import { colonMasks, digitMasks, letterMasks, maskWord } from './masks.ts'
import type { Mask } from './masks.ts'

const path = /(?:\/[\p{L}\p{M}\p{N}_.~%@+=$#&!*-]+)+\/?/uy
/** What says that a path is a place in code: `:12`, `(12)` or ` on line 12`. */
const location = /(?::|\(| on line )\d/y
const space = /\s+/y
/** What an earlier masking has left stays. */
const placeholderMasks: readonly Mask[] = [
  {
    pattern: /<(?:num|ip|path|str|hex|uuid|time)>(?:\/[\p{L}\p{M}\p{N}_.$+-]+)?/uy,
    replace: (token) => token,
  },
]

/** Replaces the variable parts of a message and makes every run of white space one space. */
export function maskMessage(message: string): string {
  const scan = new Scan(message.trim())
  while (scan.step());
  return scan.out
}

type CharacterClass = 'space' | 'digit' | 'letter' | '/' | 'quote' | ':' | '<' | 'sign' | 'rest'

const classes: readonly CharacterClass[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (/\s/.test(character)) return 'space'
  if (/\d/.test(character)) return 'digit'
  if (/[A-Za-z_$]/.test(character)) return 'letter'
  if (character === '"' || character === "'") return 'quote'
  if (character === '-' || character === '+') return 'sign'
  return character === '/' || character === ':' || character === '<' ? character : 'rest'
})

/** Words that may begin a time. */
const calendar = new Set(
  'Mon Tue Wed Thu Fri Sat Sun Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' '),
)

/** Other scripts count as letters; the masks tell which of them are none. */
function classOf(code: number): CharacterClass {
  return classes[code] ?? (code === 0xa0 ? 'space' : 'letter')
}

class Scan {
  readonly text: string
  out = ''
  #at = 0
  /** Quotes that are known to have no partner ahead, so that none is searched for twice. */
  #unpaired = ''

  constructor(text: string) {
    this.text = text
  }

  /** Takes one token; false at the end. */
  step(): boolean {
    if (this.#at >= this.text.length) return false
    switch (classOf(this.text.charCodeAt(this.#at))) {
      case 'space':
        this.#takeSpace()
        break
      case 'digit':
        if (!this.#takePlain('digit')) this.#takeFirst(digitMasks)
        break
      case 'letter':
        if (!this.#takePlain('letter')) this.#takeFirst(letterMasks)
        break
      case '/':
        this.#takePath()
        break
      case 'quote':
        this.#takeQuoted(this.text.charAt(this.#at))
        break
      case ':':
        this.#takeFirst(colonMasks)
        break
      case '<':
        this.#takeFirst(placeholderMasks)
        break
      case 'sign':
        this.#takeSign()
        break
      case 'rest':
        this.#copy()
    }
    return true
  }

  /** Most tokens are plain words and short numbers between spaces; they need no pattern. */
  #takePlain(kind: 'digit' | 'letter'): boolean {
    let end = this.#at + 1
    while (end < this.text.length && classOf(this.text.charCodeAt(end)) === kind) end += 1
    const after = this.text.charAt(end)
    const ends = kind === 'letter' && (after === ',' || this.text.startsWith(': ', end))
    if (!ends && !' )]}(=;|>'.includes(after)) return false
    const token = this.text.slice(this.#at, end)
    if (kind === 'digit' ? token.length >= 8 : calendar.has(token)) return false
    this.out += kind === 'digit' ? '<num>' : token
    this.#at = end
    return true
  }

  #takeFirst(masks: readonly Mask[]): void {
    const at = this.#at
    for (const { pattern, replace } of masks) {
      pattern.lastIndex = at
      // Not exec, which would make an array of each match.
      if (!pattern.test(this.text) || pattern.lastIndex === at) continue
      const end = pattern.lastIndex
      const masked = replace(this.text.slice(at, end))
      if (masked === '') continue
      this.#at = end
      this.out += masked
      return
    }
    this.#copy()
  }

  #takeSpace(): void {
    space.lastIndex = this.#at
    const found = space.test(this.text)
    if (!found) return this.#copy()
    this.#at = space.lastIndex
    this.out += ' '
  }

  #take(pattern: RegExp, replace: (token: string) => string): void {
    this.#takeFirst([{ pattern, replace }])
  }

  /** A place in code keeps the name of its file, any other path goes. */
  #takePath(): void {
    this.#take(path, (token) => {
      const kept = token.replace(/[.!]+$/, '')
      const tail = token.slice(kept.length)
      location.lastIndex = this.#at + token.length
      if (tail !== '' || !location.test(this.text)) return `<path>${tail}`
      return `<path>/${maskFileName(kept.slice(kept.lastIndexOf('/') + 1))}`
    })
  }

  /** Apache and nginx put what PHP-FPM said in quotes; there the message lies inside. */
  #takeQuoted(quote: string): void {
    const isMessage = this.text.startsWith('PHP message:', this.#at + 1)
    if (!isMessage && !this.#unpaired.includes(quote)) {
      const end = this.#closing(quote)
      if (end > 0 && !/\s/.test(this.text.charAt(this.#at + 1))) {
        this.#at = end + 1
        this.out += '<str>'
        return
      }
      if (end < 0) this.#unpaired += quote
    }
    this.#copy()
  }

  /** Position of the next quote of the kind that no backslash escapes; -1 when there is none. */
  #closing(quote: string): number {
    let end = this.text.indexOf(quote, this.#at + 1)
    while (end > 0 && this.text.charAt(end - 1) === '\\') end = this.text.indexOf(quote, end + 1)
    return end
  }

  /** A sign belongs to the number where a value starts, not in `web-03`. */
  #takeSign(): void {
    const before = this.text.charAt(this.#at - 1)
    const after = this.text.charAt(this.#at + 1)
    if (/[\s=:,([]|^$/.test(before) && /\d/.test(after)) this.#at += 1
    else this.#copy()
  }

  #copy(): void {
    this.out += this.text.charAt(this.#at)
    this.#at += 1
  }
}

/** Compiled templates are named by a hash; a name in words stays. */
function maskFileName(name: string): string {
  return maskWord(name.replace(/[0-9a-f]{8,}/gi, (run) => (/\d/.test(run) ? '<hex>' : run)))
}
