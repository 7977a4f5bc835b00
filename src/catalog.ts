/** Reads the YAML of rules/ and parsers/ into checked definitions. All faults of all files are
 *  reported at once, each at its line. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { expandGlob } from './sources/glob.ts'
import { shortHash } from './model/alert.ts'
import { LastpushError, type Fault } from './model/errors.ts'
import { buildParser, readDefinition, type ParserDefinition } from './parsers/definition.ts'
import type { Parser } from './parsers/parser.ts'
import { duration, queryText } from './query/schema.ts'
import { formatQuery } from './query/query.ts'
import { ruleTypes } from './registry.ts'
import type { Rule, RuleType } from './rules/rule.ts'
import { check, faultsAt, readYaml, type YamlDocument } from './yaml/document.ts'

/** A rule with the tests that its file carries. */
export interface RuleFile {
  readonly rule: Rule
  readonly tests: readonly RuleTest[]
}

/** A parser with its definition, whose samples are its tests. */
export interface ParserFile {
  readonly parser: Parser
  readonly definition: ParserDefinition
  readonly file: string
}

const eventSpec = z
  .looseObject({
    /** Event time after the start of the test, ms. */
    at: duration,
    repeat: z.int().positive().max(100_000).default(1),
    /** Time between repeated events, ms. */
    every: duration.default(0),
  })
  .describe('one event, or many')

const ruleTest = z.strictObject({
  name: z.string().min(1),
  events: z.array(eventSpec).max(1_000).default([]),
  deploys: z
    .array(
      z.strictObject({
        at: duration,
        sha: z.string(),
        service: z.string().optional(),
        env: z.string().optional(),
      }),
    )
    .default([]),
  expect: z.array(
    z.strictObject({
      at: duration,
      state: z.enum(['pending', 'firing', 'resolved']),
      labels: z.record(z.string(), z.string()).optional(),
      sha: z.string().optional(),
      fixed_by: z.string().optional(),
    }),
  ),
})
export type RuleTest = z.output<typeof ruleTest>

/** Fields that every rule has. */
const common = {
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,99}$/, {
    error: 'a name is lower-case letters, digits, - and _',
  }),
  description: z.string().optional(),
  type: z.string(),
  query: queryText.optional(),
  by: z.array(z.string()).max(10).default(['service', 'env']),
  for: duration.default(0),
  keep_firing_for: duration.optional(),
  severity: z.enum(['page', 'warn', 'info']).default('warn'),
  labels: z.record(z.string(), z.string()).default({}),
  summary: z.string().max(500).optional(),
  enabled: z.boolean().default(true),
  tests: z.array(ruleTest).default([]),
}

export interface CatalogDefaults {
  /** keep_firing_for of point types that set none, ms; null: the type's own. */
  readonly keepFiringMs: number | null
}

/**
 * Reads rule files.
 * @param patterns Paths or globs.
 * @throws LastpushError CONFIG_INVALID with every fault of every file.
 */
export async function loadRules(
  patterns: readonly string[],
  defaults: CatalogDefaults,
): Promise<readonly RuleFile[]> {
  const files = await loadAll(patterns, (file, text) => readRule(file, text, defaults))
  assertUnique(files.map(({ rule }) => ({ name: rule.name, file: rule.file })))
  return files
}

/** Reads parser files; faults as `loadRules`. */
export async function loadParsers(patterns: readonly string[]): Promise<readonly ParserFile[]> {
  const files = await loadAll(patterns, readParser)
  assertUnique(files.map(({ parser, file }) => ({ name: parser.name, file })))
  return files
}

/**
 * Tells rule files from parser files: a rule says its `type`.
 * @param patterns Paths or globs.
 * @throws LastpushError CONFIG_INVALID with every pattern that matches no file.
 */
export async function sortDefinitions(
  patterns: readonly string[],
): Promise<{ readonly rules: readonly string[]; readonly parsers: readonly string[] }> {
  const files = await loadAll(patterns, (file, text) => ({ file, isRule: /^type:/m.test(text) }))
  const rules = files.flatMap(({ file, isRule }) => (isRule ? [file] : []))
  return { rules, parsers: files.flatMap(({ file, isRule }) => (isRule ? [] : [file])) }
}

/** Reads the one definition of a file, for a thread that needs no other. */
export function loadParser(file: string): Parser {
  return readParser(file, readFileSync(file, 'utf8')).parser
}

/** One rule file as text; null when it is switched off. */
export function readRule(file: string, text: string, defaults: CatalogDefaults): RuleFile | null {
  const document = readYaml(file, text)
  const { type: kind } = check(document, z.looseObject({ type: z.string() }))
  const type = ruleTypes.find((known) => known.kind === kind)
  if (type === undefined) throw unknownType(document, kind)
  const given = check(document, z.strictObject({ ...common, ...type.options.shape }))
  const read = given as z.output<z.ZodObject<typeof common>> & Record<string, unknown>
  refuseUnused(document, type)
  if (!read.enabled) return null
  return { rule: buildRule(document, file, text, type, read, defaults), tests: read.tests }
}

/** What a rule says and its type would pass over in silence is a fault. */
function refuseUnused(document: YamlDocument, type: RuleType): void {
  const given = document.value as object
  const faults = Object.entries(type.refuses ?? {})
    .filter(([field]) => field in given)
    .map(([field, message]): Fault => ({ place: { file: '', field }, message }))
  if (faults.length === 0) return
  const what = `fields that ${type.kind} does not take`
  throw faultsAt(document, new LastpushError('CONFIG_INVALID', what, { faults }))
}

function buildRule(
  document: YamlDocument,
  file: string,
  text: string,
  type: RuleType,
  read: z.output<z.ZodObject<typeof common>> & Record<string, unknown>,
  defaults: CatalogDefaults,
): Rule {
  const own = Object.keys(type.options.shape)
  const options = Object.fromEntries(own.map((name) => [name, read[name]]))
  const query = read.query ?? null
  const keepFiringMs = read.keep_firing_for ?? null
  try {
    const instance = type.create(options, {
      name: read.name,
      query,
      keepFiringMs: keepFiringMs ?? defaults.keepFiringMs,
    })
    return {
      name: read.name,
      type: type.kind,
      queryText: query === null ? null : formatQuery(query),
      instance,
      by: [...new Set([...read.by, ...(instance.by ?? [])])],
      forMs: read.for,
      keepFiringMs: keepFiringMs ?? 0,
      severity: read.severity,
      labels: read.labels,
      summary: read.summary ?? instance.summary,
      version: shortHash([text, String(defaults.keepFiringMs)]),
      file,
    }
  } catch (error) {
    throw faultsAt(document, error)
  }
}

function readParser(file: string, text: string): ParserFile {
  const document = readYaml(file, text)
  try {
    const definition = readDefinition(document.value, file)
    return { definition, parser: buildParser(definition, file), file }
  } catch (error) {
    throw faultsAt(document, error)
  }
}

function unknownType(document: YamlDocument, kind: string): unknown {
  const known = ruleTypes.map((type) => type.kind).join(', ')
  const message = `unknown rule type ${JSON.stringify(kind)}; known are ${known}`
  return faultsAt(
    document,
    new LastpushError('CONFIG_INVALID', message, {
      faults: [{ place: { file: '', field: 'type' }, message }],
    }),
  )
}

/** Reads every file that the patterns name and gathers the faults of all. */
async function loadAll<T>(
  patterns: readonly string[],
  read: (file: string, text: string) => T | null,
): Promise<readonly T[]> {
  const loaded: T[] = []
  const faults: Fault[] = []
  for (const pattern of patterns) {
    const { paths } = await expandGlob(pattern)
    if (paths.length === 0) {
      faults.push({ place: { file: pattern }, message: 'no file matches' })
    }
    for (const file of [...paths].sort()) {
      try {
        const made = read(file, readFileSync(file, 'utf8'))
        if (made !== null) loaded.push(made)
      } catch (error) {
        faults.push(...faultsOf(file, error))
      }
    }
  }
  if (faults.length > 0) {
    const count = `${faults.length} fault${faults.length === 1 ? '' : 's'}`
    throw new LastpushError('CONFIG_INVALID', `${count} in rules or parsers`, { faults })
  }
  return loaded
}

function faultsOf(file: string, error: unknown): readonly Fault[] {
  if (error instanceof LastpushError && error.faults.length > 0) return error.faults
  const message = error instanceof Error ? error.message : String(error)
  return [{ place: { file }, message }]
}

function assertUnique(named: readonly { name: string; file: string }[]): void {
  const first = new Map<string, string>()
  const faults: Fault[] = []
  for (const { name, file } of named) {
    const other = first.get(name)
    if (other === undefined) first.set(name, file)
    else faults.push({ place: { file }, message: `the name ${name} is taken by ${other}` })
  }
  if (faults.length > 0)
    throw new LastpushError('CONFIG_INVALID', 'names are not unique', { faults })
}
