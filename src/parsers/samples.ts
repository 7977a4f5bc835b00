/** Runs the samples of a parser's own file: its tests, and its documentation that cannot lie. */
import { isDeepStrictEqual } from 'node:util'
import { rowKind, type Columns } from '../model/columns.ts'
import { isoTime } from '../flow/time.ts'
import { rowFields } from './fields.ts'
import type { Parser } from './parser.ts'
import type { ParserDefinition, ParserSample } from './schema.ts'

/** What does not hold, one sentence a fault; empty when all samples hold. */
export function runSamples(definition: ParserDefinition, parser: Parser): string[] {
  return definition.samples.flatMap((sample, index) =>
    sampleFaults(sample, parser).map((fault) => `samples[${index}]: ${fault}`),
  )
}

function sampleFaults(sample: ParserSample, parser: Parser): string[] {
  const open = sample.continues === true
  const columns = parser.parse(Buffer.from(sample.line), { zone: sample.zone ?? 'UTC', open })
  if (columns.rows === 0) return ['the line is missing']
  if (sample.unparsed !== undefined) return unparsedFaults(sample.unparsed, columns)
  if (open) {
    const kind = outcome(columns, 0)
    return kind === 'a continuation' ? [] : [`line 1 is ${kind}, not a continuation`]
  }
  return eventFaults(sample, columns)
}

function unparsedFaults(expected: true | string, columns: Columns): string[] {
  if (columns.kind[0] !== rowKind.unparsed)
    return [`line 1 is ${outcome(columns, 0)}, not unparsed`]
  const { reason } = columns.unparsed(0)
  return expected === true || expected === reason
    ? []
    : [`the reason is ${JSON.stringify(reason)}, not ${JSON.stringify(expected)}`]
}

function eventFaults(sample: ParserSample, columns: Columns): string[] {
  const faults: string[] = []
  if (columns.kind[0] !== rowKind.event) return [`line 1 is ${outcome(columns, 0)}, not an event`]
  for (let row = 1; row < columns.rows; row++) {
    const kind = outcome(columns, row)
    if (kind !== 'a continuation') faults.push(`line ${row + 1} is ${kind}, not a continuation`)
  }
  const at = columns.time[0] ?? NaN
  const time = Number.isNaN(at) ? null : isoTime(at)
  if (sample.time !== undefined && sample.time !== time) {
    faults.push(`the time is ${time ?? 'absent'}, not ${sample.time ?? 'absent'}`)
  }
  if (sample.fields === undefined) return faults
  const fields = rowFields(columns, 0)
  for (const name of new Set([...Object.keys(fields), ...Object.keys(sample.fields)])) {
    const [got, expected] = [fields[name], sample.fields[name]]
    if (isDeepStrictEqual(got, expected)) continue
    faults.push(`the field ${name} is ${shown(got)}, not ${shown(expected)}`)
  }
  return faults
}

function outcome(columns: Columns, row: number): string {
  if (columns.kind[row] === rowKind.event) return 'an event'
  if (columns.kind[row] === rowKind.continuation) return 'a continuation'
  return `unparsed (${columns.unparsed(row).reason})`
}

function shown(value: string | number | undefined): string {
  return value === undefined ? 'absent' : JSON.stringify(value)
}
