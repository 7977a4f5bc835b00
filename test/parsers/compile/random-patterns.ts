/** Random patterns, and lines that are near to them: texts that a pattern takes, then bent. */
import fc from 'fast-check'

/** A pattern that can be printed, and that can give texts which it takes (or nearly). */
export interface Grown {
  /** @param name Gives each group a name of its own. */
  readonly source: (name: () => string) => string
  readonly text: (random: Random) => string
}

/** Whole numbers below a bound. */
export type Random = (below: number) => number

/** Half of the lines are ASCII: what is beyond is RE2's in many places. */
const plain = (text: string): string => text.replace(/[^ -~]/gu, 'b')

/** Numerical Recipes' generator: enough for texts, and the same from the same seed. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const literals = [
  'a', 'b', 'ab', ' ', '"', ': ', ', ', ' in ', '-', '.', '[', ']', '\\', '1', 'a: ', ', b', 'é', '😀', 'é: ', '\r',
] // prettier-ignore

const classes: readonly (readonly [source: string, members: string])[] = [
  ['.', 'ab "\\:,.-é1\r'],
  ['\\d', '0123456789'],
  ['\\D', 'a "é'],
  ['\\s', ' \t\r'],
  ['\\S', 'ab"\\é:1'],
  ['\\w', 'ab_1'],
  ['\\W', ' "é-'],
  ['[^ ]', 'ab"é1:'],
  ['[^"]', 'ab é1:\\'],
  ['[^,]', 'ab "é1:'],
  ['[^"\\\\]', 'ab é1:'],
  ['[^\\]]', 'ab é1:['],
  ['[a-c]', 'abc'],
  ['[0-9.]', '019.'],
  ['[^a]', 'b "é'],
  ['[éa]', 'éa'],
  ['[^é]', 'ab '],
  ['(?i:k)', 'kKa'],
  ['[[:alpha:]-]', 'ab-'],
  ['[^:\\s]', 'ab"é'],
  ['[-:]', '-:'],
  ['[ -~]', ' ~ab'],
  ['[A-Za-z0-9_%+ ]', 'aZ9_%+ '],
  ['[\\x00-\\x{10FFFF}]', 'aé '],
]

const pick = <T>(random: Random, from: readonly T[], otherwise: T): T =>
  from[random(from.length)] ?? otherwise

const escaped = (text: string): string => text.replace(/[\\[\](){}.*+?^$|]/g, '\\$&')

const literal = fc
  .constantFrom(...literals)
  .map((text): Grown => ({ source: () => escaped(text), text: () => text }))

const one = fc.constantFrom(...classes).map(([source, members]): Grown => {
  const list = [...members]
  return { source: () => source, text: (random) => pick(random, list, '') }
})

const quoted = fc.constantFrom('*', '+').map((sign): Grown => ({
  source: () => `(?:[^"\\\\]|\\\\.)${sign}`,
  text: (random) => pick(random, ['a', '\\"', 'b\\\\', 'é\\é', '\\n x'], ''),
}))

const repetitions: readonly (readonly [sign: string, min: number, max: number])[] = [
  ['*', 0, 6],
  ['+', 1, 6],
  ['?', 0, 1],
  ['{2}', 2, 2],
  ['{1,3}', 1, 3],
  ['{2,}', 2, 5],
  ['{0,2}', 0, 2],
]

function repeated(inner: fc.Arbitrary<Grown>, signs: typeof repetitions): fc.Arbitrary<Grown> {
  return fc
    .tuple(inner, fc.constantFrom(...signs), fc.boolean())
    .map(([{ source, text }, [sign, min, max], lazy]): Grown => ({
      source: (name) => {
        const part = source(name)
        const atom = /^(?:\\?.|\[[^\]]*\]+)$/u.test(part) ? part : `(?:${part})`
        return `${atom}${sign}${lazy ? '?' : ''}`
      },
      text: (random) => {
        // Now and then more than a search sees at once.
        const more = max > 3 && random(8) === 0 ? 40 : 0
        const count = min + random(max - min + 1 + more)
        return Array.from({ length: count }, () => text(random)).join('')
      },
    }))
}

const grown = fc.letrec<{ part: Grown; sequence: Grown; atom: Grown }>((tie) => ({
  atom: fc.oneof(
    { weight: 4, arbitrary: literal },
    { weight: 2, arbitrary: one },
    { weight: 6, arbitrary: repeated(one, repetitions) },
    { weight: 1, arbitrary: quoted },
  ),
  part: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'pattern', withCrossShrink: true },
    { weight: 8, arbitrary: tie('atom') },
    {
      weight: 4,
      arbitrary: tie('sequence').map(({ source, text }): Grown => ({
        source: (name) => `(?<${name()}>${source(name)})`,
        text,
      })),
    },
    { weight: 3, arbitrary: repeated(tie('sequence'), repetitions) },
    {
      weight: 2,
      arbitrary: fc.array(tie('sequence'), { minLength: 2, maxLength: 3 }).map((ways): Grown => ({
        source: (name) => `(?:${ways.map(({ source }) => source(name)).join('|')})`,
        text: (random) => ways[random(ways.length)]?.text(random) ?? '',
      })),
    },
  ),
  sequence: fc
    .array(tie('part'), { minLength: 1, maxLength: 5, depthIdentifier: 'pattern' })
    .map((parts): Grown => ({
      source: (name) => parts.map(({ source }) => source(name)).join(''),
      text: (random) => parts.map(({ text }) => text(random)).join(''),
    })),
}))

export const grownPattern: fc.Arbitrary<Grown> = grown.sequence

/** Runs side by side, each in a group: every place where one ends is seen. */
export const runsSideBySide: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(
      fc.constantFrom('.', '[^ ]', '[^"]', '[^a]', '\\S', '\\w', '[a"]', '[é"]', '[^"\\\\]'),
      fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{1,2}', '{0,2}?', '{2,}'),
      fc.constantFrom('', '', '"', 'a', ' ', 'é', '(?:"a)?', '(?: .*)?'),
    ),
    { minLength: 2, maxLength: 4 },
  )
  .map((parts) => parts.map(([set, sign, text], at) => `(?<g${at}>${set}${sign})${text}`).join(''))

/** Short lines of few different characters, in which runs can end at many places. */
export const denseLine: fc.Arbitrary<Buffer> = fc
  .array(
    fc.constantFrom(
      ...['a', '"', ' ', 'é', '😀', '\\'].map((text) => Buffer.from(text)),
      Buffer.of(255),
      Buffer.of(0xc3),
    ),
    { maxLength: 24 },
  )
  .map((parts) => Buffer.concat([...parts, Buffer.from('\n')]))

const edits: readonly string[] = [
  ' ', '"', '\\', '\r', ',', ':', '-', 'a', 'b', '1', 'é', '😀', '\ufffd', ' in ', ', ', '', '[', ']',
] // prettier-ignore

/** A line near to a text: some bytes replaced, put in or taken away, among them broken UTF-8. */
export function bent(text: string, random: Random): Buffer {
  const ascii = random(2) === 0
  let bytes = Buffer.from(ascii ? plain(text) : text)
  for (let count = random(4); count > 0; count--) {
    const at = random(bytes.length + 1)
    const gone = random(3) === 0 ? 0 : random(3)
    const byte = random(ascii ? 128 : 256)
    const edit = pick(random, edits, '')
    const put = Buffer.from(random(4) === 0 ? [byte] : [...Buffer.from(ascii ? plain(edit) : edit)])
    bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)])
  }
  return Buffer.from(bytes.map((byte) => (byte === 10 ? 32 : byte)))
}
