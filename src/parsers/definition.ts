/** From the YAML of a parser to a parser: checks what one value alone cannot tell, and builds.
 *  Every fault of a definition is found at once, each with the path of its field; finding the line
 *  in the file is the caller's, who has read the YAML. */
import type { Fault } from '../model/errors.ts'
import { LastpushError } from '../model/errors.ts'
import { compile } from './compile/compile.ts'
import { jsonParser } from './json.ts'
import type { Form, Parser } from './parser.ts'
import { Pattern } from './pattern.ts'
import { plainParser } from './plain.ts'
import { parserDefinition, type ParserDefinition } from './schema.ts'
import { timeFormatFault, timeReader } from './time.ts'
import { isZone } from './zone.ts'

export { runSamples } from './samples.ts'
export type { ParserDefinition } from './schema.ts'

/** A fault before its file is known. */
interface Finding {
  readonly field: string
  readonly message: string
  readonly refused?: true
}

/**
 * Checks the form of what a YAML file holds.
 * @throws LastpushError CONFIG_INVALID with a fault for each field that is wrong.
 */
export function readDefinition(value: unknown, file: string): ParserDefinition {
  const result = parserDefinition.safeParse(value)
  if (result.success) return result.data
  const findings = result.error.issues.map((issue) => ({
    field: fieldPath(issue.path),
    message: issue.message,
  }))
  throw refusal(findings, file)
}

/**
 * Builds the parser of a definition.
 * @param file Named in faults. Default `<name>.yaml`.
 * @param form The form to compile its patterns to; default the fastest, as soon as it pays.
 * @throws LastpushError PATTERN_REFUSED when RE2 refuses a pattern, else CONFIG_INVALID.
 */
export function buildParser(
  definition: ParserDefinition,
  file = `${definition.name}.yaml`,
  form?: Form,
): Parser {
  if (definition.format !== 'patterns') return buildBuiltIn(definition, file)
  const findings: Finding[] = []
  if (definition.patterns.length === 0) {
    findings.push({ field: 'patterns', message: 'at least one pattern is needed' })
  }
  const patterns = definition.patterns
    .map((source, index) => readPattern(source, `patterns[${index}]`, findings))
    .filter((pattern) => pattern !== null)
  const continuation =
    definition.continuation === undefined
      ? null
      : readPattern(definition.continuation, 'continuation', findings)
  if (continuation !== null && continuation.groups.length > 0) {
    findings.push({ field: 'continuation', message: 'groups of a continuation are not read' })
  }
  findings.push(...timeFindings(definition, patterns), ...fieldFindings(definition, patterns))
  if (findings.length > 0) throw refusal(findings, file)
  const parts = {
    name: definition.name,
    patterns,
    continuation,
    types: new Map(Object.entries(definition.fields)),
    readTime: timeReader(definition.time?.format ?? []),
    timeFormats: definition.time?.format ?? [],
    zone: definition.time?.zone ?? null,
    levelWords: new Map(Object.entries(definition.levels)),
    missing: definition.missing,
  }
  return compile(parts, form)
}

function buildBuiltIn(definition: ParserDefinition, file: string): Parser {
  const findings: Finding[] = []
  const unused = (field: string, given: boolean): void => {
    if (given) findings.push({ field, message: `has no effect with format ${definition.format}` })
  }
  unused('patterns', definition.patterns.length > 0)
  unused('time', definition.time !== undefined)
  unused('fields', Object.keys(definition.fields).length > 0)
  unused('missing', definition.missing.length > 0)
  unused('levels', Object.keys(definition.levels).length > 0)
  unused('continuation', definition.continuation !== undefined)
  if (findings.length > 0) throw refusal(findings, file)
  return definition.format === 'json' ? jsonParser(definition.name) : plainParser(definition.name)
}

function readPattern(source: string, field: string, findings: Finding[]): Pattern | null {
  // One byte of a character would be captured, which is no text.
  if (/(?<!\\)(?:\\\\)*\\C/.test(source)) {
    findings.push({ field, message: '\\C takes single bytes; use . or a class', refused: true })
    return null
  }
  let pattern: Pattern
  try {
    pattern = new Pattern(source)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    findings.push({ field, message: `RE2 refuses it: ${error.message}`, refused: true })
    return null
  }
  for (const name of pattern.groups) {
    const message =
      name === ''
        ? 'a group has no name; write (?<name>…) to keep its text, else (?:…)'
        : /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)
          ? null
          : `the group "${name}" is no field name: letters, digits and _, no digit first`
    if (message !== null) findings.push({ field, message })
  }
  return pattern
}

function timeFindings(definition: ParserDefinition, patterns: readonly Pattern[]): Finding[] {
  const { time } = definition
  const findings: Finding[] = []
  const index = patterns.findIndex((pattern) => pattern.groups.includes('time'))
  if (time === undefined) {
    if (index >= 0) {
      const message = 'the group "time" needs time.format to be read by'
      findings.push({ field: `patterns[${index}]`, message })
    }
    return findings
  }
  for (const [at, format] of time.format.entries()) {
    const message = timeFormatFault(format)
    const field = time.format.length === 1 ? 'time.format' : `time.format[${at}]`
    if (message !== null) findings.push({ field, message })
  }
  if (time.zone !== undefined && !isZone(time.zone)) {
    findings.push({ field: 'time.zone', message: `"${time.zone}" is no IANA time zone` })
  }
  if (index < 0 && patterns.length > 0) {
    findings.push({ field: 'time', message: 'no pattern has a group "time"' })
  }
  return findings
}

function fieldFindings(definition: ParserDefinition, patterns: readonly Pattern[]): Finding[] {
  // Groups of patterns that could not be compiled are unknown; do not call them missing.
  if (patterns.length < definition.patterns.length) return []
  const groups = new Set(patterns.flatMap((pattern) => pattern.groups))
  const findings: Finding[] = []
  for (const name of Object.keys(definition.fields)) {
    const field = `fields.${name}`
    if (!groups.has(name)) findings.push({ field, message: `no pattern has a group "${name}"` })
    if (name === 'time') findings.push({ field, message: 'is read by time.format; drop the type' })
    if (name === 'level') findings.push({ field, message: 'is always a level; drop the type' })
  }
  if (Object.keys(definition.levels).length > 0 && !groups.has('level')) {
    findings.push({ field: 'levels', message: 'no pattern has a group "level"' })
  }
  return findings
}

function refusal(findings: readonly Finding[], file: string): LastpushError {
  const faults: Fault[] = findings.map(({ field, message }) => ({
    place: { file, field },
    message,
  }))
  const code = findings.some(({ refused }) => refused) ? 'PATTERN_REFUSED' : 'CONFIG_INVALID'
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`
  return new LastpushError(code, `${file} has ${count}`, { faults })
}

/** ['patterns', 0] → `patterns[0]`. */
function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? String(part) : `${text}.${String(part)}`
  }, '')
}
