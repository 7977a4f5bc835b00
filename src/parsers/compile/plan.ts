/** From what a definition declares to what the kernels run: one program a pattern, and why a pattern
 *  has none. */
import type { PatternForm, PatternNote } from '../parser.ts'
import type { DeclaredParts } from '../regex-parser.ts'
import { Refusal } from './ir.ts'
import { acceptance, clearing, layoutOf, type Layout } from './layout.ts'
import { lower } from './lower.ts'
import type { Program, Statement } from './program.ts'
import { readPattern } from './read.ts'
import { Times } from './times.ts'

export interface Plan {
  readonly layout: Layout
  /** null for a pattern that only RE2 runs. */
  readonly matchers: readonly (Program | null)[]
  readonly continuation: Program | null
  readonly clearing: readonly Statement[]
  readonly times: Times
  readonly forms: readonly PatternForm[]
  /** False: so much is left to RE2 that it may as well do all. */
  readonly worthwhile: boolean
}

export function planOf(parts: DeclaredParts): Plan {
  const groups = parts.patterns.map((pattern) => pattern.groups)
  const layout = layoutOf(groups, parts.types)
  const patterns = parts.patterns.map((pattern, index) =>
    compilePattern(pattern.source, `patterns[${index}]`, () =>
      acceptance(layout, pattern.groups, parts.missing),
    ),
  )
  const continuation =
    parts.continuation === null
      ? null
      : compilePattern(parts.continuation.source, 'continuation', () => [])
  return {
    layout,
    matchers: patterns.map(({ program }) => program),
    continuation: continuation?.program ?? null,
    clearing: clearing(layout),
    times: new Times(parts.timeFormats),
    forms: [...patterns, ...(continuation === null ? [] : [continuation])].map(({ form }) => form),
    worthwhile: patterns[0]?.program != null && continuation?.program !== null,
  }
}

function compilePattern(
  source: string,
  field: string,
  accept: () => readonly Statement[],
): { program: Program | null; form: PatternForm } {
  try {
    const { program, notes } = lower(readPattern(source), accept())
    return { program, form: { field, source, refusal: null, notes } }
  } catch (error) {
    const refusal = refusalOf(error)
    return { program: null, form: { field, source, refusal, notes: [] } }
  }
}

function refusalOf(error: unknown): PatternNote {
  if (error instanceof Refusal) return { at: error.at, text: error.message }
  if (error instanceof RangeError) return { at: 0, text: error.message }
  throw error
}
