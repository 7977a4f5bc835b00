/** Which columns a compiled parser fills, and with what. Numbers and times are read while the bytes
 *  are at hand; what needs more than bytes (levels, addresses) is left as a span, to be read when the
 *  batch is whole. */
import type { FieldType } from '../schema.ts'
import { groupLocals } from './lower.ts'
import { Refusal } from './ir.ts'
import type { Condition, Statement } from './program.ts'

/** Where one field lies: numbers of columns of positions, and of numbers. */
export interface FieldPlace {
  readonly name: string
  readonly type: FieldType | 'level'
  /** Column of starts; that of ends is the next. */
  readonly spans: number
  /** Column of numbers; null where the kernel reads none. */
  readonly numbers: number | null
}

export interface Layout {
  readonly fields: readonly FieldPlace[]
  /** Columns of positions: the lines' starts and ends first. */
  readonly positions: number
  /** Columns of numbers: the time first. */
  readonly numbers: number
}

export const lineColumn = 0
const timeColumn = 0

/** @param groups Names of the groups of each pattern. */
export function layoutOf(
  groups: readonly (readonly string[])[],
  types: ReadonlyMap<string, FieldType>,
): Layout {
  const names = [...new Set(groups.flat())]
  let positions = 2
  let numbers = 1
  const fields: FieldPlace[] = []
  for (const name of names) {
    if (name === 'time') continue
    const type = name === 'level' ? 'level' : (types.get(name) ?? 'text')
    const isRead = type !== 'text' && type !== 'ip' && type !== 'level'
    fields.push({ name, type, spans: positions, numbers: isRead ? numbers : null })
    positions += 2
    numbers += isRead ? 1 : 0
  }
  return { fields, positions, numbers }
}

/**
 * What a matcher does with a line that fits: absent where empty or missing, then numbers, which can
 * still say no, then spans.
 * @param groups Names of the pattern's groups.
 */
export function acceptance(
  layout: Layout,
  groups: readonly string[],
  missing: readonly string[],
): readonly Statement[] {
  const words = missing.filter((word) => word !== '').map(bytesOfWord)
  const absences = groups.flatMap((_, group) => absence(group, words))
  const numbers: Statement[] = []
  const spans: Statement[] = []
  const time = groups.indexOf('time')
  if (time < 0) numbers.push(['store nan', timeColumn])
  else {
    const { start, end } = groupLocals(time)
    numbers.push(['store number', 'time', timeColumn, start, end])
  }
  for (const field of layout.fields) {
    const group = groups.indexOf(field.name)
    const { start, end } = groupLocals(group)
    const { type } = field
    if (field.numbers !== null && type !== 'text' && type !== 'ip' && type !== 'level') {
      if (group < 0) numbers.push(['store nan', field.numbers])
      else numbers.push(['store number', type, field.numbers, start, end])
    }
    spans.push(['store', field.spans, group < 0 ? -1 : start])
    if (group >= 0) spans.push(['store', field.spans + 1, end])
  }
  return [...absences, ...numbers, ...spans]
}

/** Statements for a row that is no event. */
export function clearing(layout: Layout): readonly Statement[] {
  return [
    ...Array.from({ length: layout.numbers }, (_, column) => ['store nan', column] as const),
    ...layout.fields.map(({ spans }) => ['store', spans, -1] as const),
  ]
}

function absence(group: number, words: readonly (readonly number[])[]): Statement[] {
  const { start, end } = groupLocals(group)
  const conditions: Condition[] = [
    ['=', start, end],
    ...words.map((word): Condition => {
      const isLong = ['=', ['-', end, start], word.length] as const
      return ['and', [['>=', start, 0], isLong, ['text', start, 0, word]]]
    }),
  ]
  return conditions.map((condition) => ['if', condition, [['set', start, -1]]])
}

function bytesOfWord(word: string): readonly number[] {
  const bytes = Buffer.from(word)
  // Invalid bytes decode to U+FFFD, so that this one has no bytes of its own.
  if (bytes.toString().includes('\ufffd')) throw new Refusal('U+FFFD as a missing value', 0)
  return [...bytes]
}
