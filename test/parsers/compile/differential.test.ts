/** The law of the compiler: every form of a parser says the same of every line. Random patterns over
 *  lines near to them; LASTPUSH_CASES raises their number, LASTPUSH_SEED repeats a run. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LastpushError } from '../../../src/model/errors.ts'
import { buildParser, readDefinition } from '../../../src/parsers/definition.ts'
import type { Parser } from '../../../src/parsers/parser.ts'
import {
  bent,
  denseLine,
  grownPattern,
  randomFrom,
  runsSideBySide,
  type Grown,
} from './random-patterns.ts'
import { rowsOf } from './same.ts'

/** A case is one line under one pattern; making a pattern's three forms costs more than its lines. */
const cases = Number(process.env['LASTPUSH_CASES'] ?? 24_000)
const seed = Number(process.env['LASTPUSH_SEED'] ?? 20_261_125)
const linesPerPattern = 24
const patterns = Math.ceil(cases / linesPerPattern)

const fieldTypes = ['int', 'float', 'ip', 'seconds', 'microseconds'] as const

interface Declared {
  readonly definition: Record<string, unknown>
  readonly grown: readonly Grown[]
}

/** A definition of one to three patterns, with types for some of its groups. */
const declared: fc.Arbitrary<Declared> = fc
  .record({
    grown: fc.array(grownPattern, { minLength: 1, maxLength: 3 }),
    continuation: fc.option(grownPattern, { freq: 4 }),
    types: fc.array(fc.option(fc.constantFrom(...fieldTypes), { freq: 3 }), { maxLength: 4 }),
    missing: fc.constantFrom('-', ['-', 'ab', 'é'], ''),
  })
  .map(({ grown, continuation, types, missing }) => {
    const patterns = grown.map(({ source }) => {
      let group = 0
      return source(() => `g${group++}`)
    })
    const used = new Set(patterns.flatMap((text) => [...text.matchAll(/\?<(g\d+)>/g)].map(([, name = '']) => name))) // prettier-ignore
    const fields = Object.fromEntries(
      types.flatMap((type, at) => (type === null || !used.has(`g${at}`) ? [] : [[`g${at}`, type]])),
    )
    const own = continuation?.source(() => 'c').replaceAll('?<c>', '?:')
    return {
      definition: {
        patterns,
        fields,
        missing,
        ...(own === undefined ? {} : { continuation: own }),
      },
      grown: continuation === null ? grown : [...grown, continuation],
    }
  })

function build(definition: Record<string, unknown>, form: 'wasm' | 'js' | 're2'): Parser | null {
  const whole = { name: 'own', doc: 'A test.', ...definition }
  try {
    return buildParser(readDefinition(whole, 'own.yaml'), 'own.yaml', form)
  } catch (error) {
    // RE2 refuses some of what is grown, such as too many repetitions.
    if (error instanceof LastpushError) return null
    throw error
  }
}

function mustBuild(definition: Record<string, unknown>, form: 'wasm' | 'js' | 're2'): Parser {
  const parser = build(definition, form)
  if (parser === null) throw new Error(`${form} refuses what RE2 takes`)
  return parser
}

function linesNear(grown: readonly Grown[], seed: number): Buffer {
  const random = randomFrom(seed)
  const lines = Array.from({ length: linesPerPattern }, () => {
    const text = grown[random(grown.length)]?.text(random) ?? ''
    return bent(text.replaceAll('\n', ' '), random)
  })
  const ends = ['\n', '\r\n', '\n\n', '\n']
  const whole = lines.flatMap((line) => [line, Buffer.from(ends[random(4)] ?? '\n')])
  return Buffer.concat(random(2) === 0 ? whole : whole.slice(0, -1))
}

test.each([
  // Found by wider searches: what was wrong then, and a line that shows it.
  ['(?:(?<g0>k*.{0,2}).{1,3}?.a|.*|a)', 'xaxaxaxaxax'],
  ['[a-c]{0,2}(?<g0>.*)a*', 'bbbb'],
  // A run must not end inside a character.
  ['(?<g0>.*)(?<g1>[^ ]+)', 'aé'],
  ['(?<g0>.+?)(?<g1>[^ ]*)', 'éa'],
  ['(?<g0>.*)(?<g1>é?)', 'aéé'],
])('every form says the same of %s', (pattern, line) => {
  const bytes = Buffer.from(`${line}\n`)
  const context = { zone: 'UTC', open: false }
  const [wasm, js, re2] = (['wasm', 'js', 're2'] as const).map((form) =>
    rowsOf(mustBuild({ patterns: [pattern] }, form).parse(bytes, context)),
  )
  expect(wasm).toEqual(re2)
  expect(js).toEqual(re2)
})

test(
  'every form says the same of lines near to random patterns',
  () => {
    fc.assert(
      fc.property(declared, fc.nat(), fc.boolean(), ({ definition, grown }, near, open) => {
        const exact = build(definition, 're2')
        if (exact === null) return
        const bytes = linesNear(grown, near)
        const context = { zone: 'UTC', open }
        const expected = rowsOf(exact.parse(bytes, context))
        for (const form of ['js', 'wasm'] as const) {
          expect(rowsOf(mustBuild(definition, form).parse(bytes, context)), form).toEqual(expected)
        }
      }),
      { numRuns: patterns, seed, endOnFailure: false },
    )
  },
  60_000 + patterns * 60,
)

test(
  'every form says the same of runs side by side',
  () => {
    fc.assert(
      fc.property(runsSideBySide, fc.array(denseLine, { maxLength: 24 }), (pattern, lines) => {
        const bytes = Buffer.concat(lines)
        const context = { zone: 'UTC', open: false }
        const [wasm, js, re2] = (['wasm', 'js', 're2'] as const).map((form) =>
          rowsOf(mustBuild({ patterns: [pattern] }, form).parse(bytes, context)),
        )
        expect(wasm).toEqual(re2)
        expect(js).toEqual(re2)
      }),
      { numRuns: Math.ceil(patterns / 5), seed },
    )
  },
  60_000 + patterns * 60,
)
