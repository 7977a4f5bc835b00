/** Reads YAML that users wrote and checks it by a schema: every fault at once, each at the line of
 *  the node it is about. Knows neither rules nor configuration.
 *
 *  YAML 1.2 core only: `yes`, `no` and `on` are text, keys are text and unique, tags other than the
 *  core's are refused, `<<` is an ordinary key, aliases are bounded. */
import { isAlias, LineCounter, parseDocument, visit } from 'yaml'
import type { Document } from 'yaml'
import type { z } from 'zod'
import { LastpushError } from '../model/errors.ts'
import type { Fault } from '../model/errors.ts'
import { knownKeys } from './known-keys.ts'
import { fieldPath, keyPlace, placeAt, placeOf } from './place.ts'
import type { FieldPath, Nodes } from './place.ts'
import { kindName, meant, oneOf, sentenceOf, shown } from './sentences.ts'

/** Largest file, bytes. */
export const yamlBytesMax = 1_048_576
/** Most values that aliases may stand for, counted as the YAML library does. */
const aliasesMax = 100
/** Most faults told of one file. */
const faultsMax = 50

/** A file that was read. */
export interface YamlDocument extends Nodes {
  /** Plain maps, lists and scalars. Keys such as `__proto__` are own properties. */
  readonly value: unknown
}

/**
 * Reads one YAML document.
 * @param file Named in faults; not opened.
 * @throws LastpushError CONFIG_INVALID with a fault for each place that is no YAML we take.
 */
export function readYaml(file: string, text: string): YamlDocument {
  const bytes = Buffer.byteLength(text)
  if (bytes > yamlBytesMax) {
    const message = `the file has ${bytes} bytes; at most ${yamlBytesMax} are read`
    throw invalid(file, [{ place: { file }, message }])
  }
  try {
    return read(file, text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const message = 'the file is nested too deeply'
    throw new LastpushError('CONFIG_INVALID', `a fault in ${file}`, {
      cause: error,
      faults: [{ place: { file }, message }],
    })
  }
}

/**
 * Checks a document by a schema.
 * @returns The schema's output.
 * @throws LastpushError CONFIG_INVALID with all faults, at most 50.
 */
export function check<S extends z.ZodType>(document: YamlDocument, schema: S): z.output<S> {
  const read = examine(document, schema)
  if (read.ok) return read.data
  throw invalid(document.file, read.faults)
}

/** Checks a value of a document by a schema, the whole one unless told otherwise.
 *  @param at Where the value stands. */
export function examine<S extends z.ZodType>(
  document: YamlDocument,
  schema: S,
  value: unknown = document.value,
  at: FieldPath = [],
): { ok: true; data: z.output<S> } | { ok: false; faults: readonly Fault[] } {
  const result = schema.safeParse(value, { error: sentenceOf })
  if (result.success) return { ok: true, data: result.data }
  const known = (path: FieldPath) => knownKeys(schema, path.slice(at.length))
  const context = { document, value, known, depth: at.length }
  return { ok: false, faults: result.error.issues.flatMap((issue) => faultsOf(context, issue, at)) }
}

/**
 * Gives faults that know only their field (`patterns[0].regex`) the file and line of that field.
 * Their column, if any, counts in the field's own text.
 * @returns The error to throw; anything but a LastpushError comes back as it is.
 */
export function faultsAt(document: YamlDocument, error: unknown): unknown {
  if (!(error instanceof LastpushError) || error.faults.length === 0) return error
  const faults = error.faults.map(({ place, message }): Fault => {
    if (place.file === document.file && place.line !== undefined) return { place, message }
    if (place.field === undefined) return { place: { file: document.file }, message }
    return { place: placeOf(document, fieldPath(place.field), place.column), message }
  })
  return new LastpushError(error.code, error.message, { cause: error, faults })
}

function read(file: string, text: string): YamlDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: true,
    stringKeys: true,
    prettyErrors: false,
    resolveKnownTags: false,
    // The library keeps quiet about a second document when asked for silence.
    logLevel: 'error',
    lineCounter: lines,
  })
  const at = (position: number) => placeAt({ file, text, lines }, [], position)
  const faults = [...document.errors, ...document.warnings].map((fault) => ({
    place: at(fault.pos[0]),
    message: yamlSentence(fault.code, fault.message),
  }))
  for (const { position, message } of aliasFaults(document)) {
    faults.push({ place: at(position), message })
  }
  if (document.errors.some(({ message }) => message.includes('call stack'))) {
    throw new RangeError('the YAML library ran out of stack and reported that as faults')
  }
  if (faults.length > 0) throw invalid(file, faults)
  try {
    const value: unknown = document.toJS({ maxAliasCount: aliasesMax })
    return { file, text, document, lines, value }
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    const message = `aliases (*name) stand for more than ${aliasesMax} values; write them out`
    throw invalid(file, [{ place: at(0), message }])
  }
}

/** Aliases to nothing and to a node that holds them, which would make the value endless. */
function aliasFaults(document: Document.Parsed): { position: number; message: string }[] {
  const faults: { position: number; message: string }[] = []
  visit(document, {
    Alias(_key, alias, ancestors) {
      const target = alias.resolve(document)
      const position = alias.range?.[0] ?? 0
      if (target === undefined) {
        faults.push({ position, message: `no &${alias.source} stands before *${alias.source}` })
      } else if (isAlias(target) || ancestors.includes(target)) {
        faults.push({ position, message: `*${alias.source} stands inside of what it names` })
      }
    },
  })
  return faults
}

function yamlSentence(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'this key stands here twice; keep one'
  if (code === 'TAB_AS_INDENT') return 'a tab cannot indent; use spaces'
  if (code === 'MULTIPLE_DOCS') return 'a second document begins (---); one file has one'
  if (code === 'TAG_RESOLVE_FAILED') return `tags are not taken (${message}); leave it out`
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return 'a value with a colon and a space needs quotes'
  return message
}

type Issue = z.core.$ZodIssue

/** What the faults of one value are told with. */
interface Examined {
  readonly document: YamlDocument
  readonly value: unknown
  readonly known: (path: FieldPath) => readonly string[]
  /** Length of the path to the value. */
  readonly depth: number
}

function faultsOf(examined: Examined, issue: Issue, above: FieldPath): readonly Fault[] {
  const { document } = examined
  const path = [...above, ...issue.path.map(asPart)]
  if (issue.code === 'unrecognized_keys') {
    const known = examined.known(path)
    return issue.keys.map((key) => ({
      place: keyPlace(document, path, key),
      message: `is not known here${meant(key, known) || listOf(known)}`,
    }))
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return unionFaults(examined, issue.errors, path)
  }
  const params: unknown = issue.code === 'custom' ? issue.params?.['column'] : undefined
  const column = typeof params === 'number' ? params : undefined
  return [{ place: placeOf(document, path, column), message: issue.message }]
}

/** A value that fits no branch is judged by the branch whose kind it has, a map by that which knows
 *  most of its keys. */
function unionFaults(
  examined: Examined,
  branches: readonly (readonly Issue[])[],
  path: FieldPath,
): readonly Fault[] {
  const fitting = branches.filter((issues) => !issues.some(isOfOtherKind))
  const [best] = fitting.sort((a, b) => strangeKeys(a) - strangeKeys(b) || a.length - b.length)
  if (best !== undefined) return best.flatMap((issue) => faultsOf(examined, issue, path))
  const names = branches.flatMap((issues) => issues.filter(isOfOtherKind).map(expectation))
  const value = valueAt(examined.value, path.slice(examined.depth))
  const verb = value === undefined ? 'is missing; expected' : 'expected'
  const got = value === undefined ? '' : `, got ${shown(value)}`
  const message = `${verb} ${oneOf([...new Set(names)])}${got}`
  return [{ place: placeOf(examined.document, path), message }]
}

function strangeKeys(issues: readonly Issue[]): number {
  const own = issues.filter((issue) => issue.path.length === 0)
  return own.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : [])).length
}

function isOfOtherKind(issue: Issue): boolean {
  return issue.path.length === 0 && /^invalid_(?:type|value|union)$/.test(issue.code)
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') return kindName(issue.expected)
  if (issue.code === 'invalid_value') return issue.values.map(String).join(' or ')
  return issue.message
}

function listOf(known: readonly string[]): string {
  return known.length === 0 || known.length > 20 ? '' : `; known are ${known.join(', ')}`
}

function valueAt(value: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (at, part) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, part)
        ? (at as Record<string | number, unknown>)[part]
        : undefined,
    value,
  )
}

function asPart(part: PropertyKey): string | number {
  return typeof part === 'symbol' ? String(part) : part
}

/** CONFIG_INVALID with the first 50 faults. */
export function invalid(file: string, faults: readonly Fault[]): LastpushError {
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`
  return new LastpushError('CONFIG_INVALID', `${count} in ${file}`, {
    faults: faults.slice(0, faultsMax),
  })
}
