/** Renews the generated parts of the pages in docs/ from what each kind says of itself (its `doc`, `example`
 *  and `options`) and from the YAML that ships. Run by `npm run docs`; a test fails when a part is
 *  stale. What an option means is written by hand below its table: a schema knows its form only. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { format, resolveConfig } from 'prettier'
import { parse } from 'yaml'
import { z } from 'zod'
import { programOf } from '../src/cli.ts'
import { formatDuration, systemClock } from '../src/flow/time.ts'
import { duration, positiveDuration, queryText } from '../src/query/schema.ts'
import { receiverTypes, ruleTypes, sourceTypes } from '../src/registry.ts'
import { elasticsearchStore } from '../src/store/elasticsearch-options.ts'

/** Folder of the project. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** A kind of source, rule, receiver or store as its docs need it. */
interface Kind {
  readonly kind: string
  readonly doc: string
  readonly example: string
  readonly options: z.ZodType
}

/** Every kind by the word that its marker uses: `<!-- generated: rule frequency -->`. */
export const kinds: Readonly<Record<string, readonly Kind[]>> = {
  source: sourceTypes,
  rule: ruleTypes,
  receiver: receiverTypes,
  store: [elasticsearchStore],
}

const part = /^<!-- generated: (\w+) ([\w-]+) -->\n[\s\S]*?^<!-- end -->/gm

const program = await programOf({
  out: process.stdout,
  err: process.stderr,
  input: process.stdin,
  env: {},
  clock: systemClock,
  exitCode: 0,
})

/** Every command that does something by its name in markers, such as `run` or `receivers-test`. */
export const commands: ReadonlyMap<string, Command> = new Map(leavesOf(program, []))

function leavesOf(command: Command, path: readonly string[]): [string, Command][] {
  if (command.commands.length === 0) return [[path.join('-'), command]]
  return command.commands.flatMap((each) => leavesOf(each, [...path, each.name()]))
}

/** The Markdown pages of the project, relative to its root. */
export function pages(): string[] {
  const names = readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' })
  const docs = names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)
  return ['CONTRIBUTING.md', 'README.md', ...docs.sort()]
}

/** The page of a kind, relative to the project's root: its own, or the one that it shares. */
export function pageOf(word: string, kind: string): string {
  const own = `docs/${word}s/${kind}.md`
  return existsSync(`${root}${own}`) ? own : `docs/${word}s.md`
}

/** A page with its generated parts as they should be. @throws Error for a marker nobody knows. */
export async function renewed(path: string): Promise<string> {
  const text = readFileSync(`${root}${path}`, 'utf8')
  const opened = text.split('\n<!-- generated:').length - 1
  if (opened === 0) return text
  if ([...text.matchAll(part)].length !== opened) throw new Error(`${path}: a part has no end`)
  const toDocs = path.startsWith('docs/') ? '../'.repeat(path.split('/').length - 2) : 'docs/'
  const fresh = text.replace(part, (_whole, word: string, name: string) => {
    const inside = generated(word, name).replaceAll('](queries.md)', `](${toDocs}queries.md)`)
    return [`<!-- generated: ${word} ${name} -->`, inside, '<!-- end -->'].join('\n\n')
  })
  const options = await resolveConfig(`${root}${path}`)
  return format(fresh, { ...options, filepath: path })
}

/** The options of a kind, by name; empty when it takes none. */
export function optionsOf(kind: Kind): ReadonlyMap<string, z.ZodType> {
  const options = checked(kind.options)
  if (!(options instanceof z.ZodObject)) throw new Error(`the options of ${kind.kind} are no map`)
  return new Map(Object.entries(options.shape))
}

function isDuration(schema: unknown): boolean {
  return schema === duration || schema === positiveDuration
}

/** What a value must be in its full form, where a short one is turned into that first, or where
 *  something is made of it afterwards. */
function checked(schema: z.ZodType): z.ZodType {
  if (!(schema instanceof z.ZodPipe) || isDuration(schema) || schema === queryText) return schema
  const isShortForm = schema.in instanceof z.ZodTransform
  if (!isShortForm && !(schema.out instanceof z.ZodTransform)) return schema
  return checked((isShortForm ? schema.out : schema.in) as z.ZodType)
}

function generated(word: string, name: string): string {
  if (word === 'shipped') return name === 'rules' ? shippedRules() : shippedParsers()
  const command = word === 'command' ? commands.get(name) : undefined
  if (command !== undefined) return commandPart(command)
  const kind = kinds[word]?.find((each) => each.kind === name)
  if (kind === undefined) throw new Error(`the registry has no ${word} ${name}`)
  return [kind.doc, fence(kind.example), optionTable(optionsOf(kind))].join('\n\n')
}

/** What --help says, as tables. */
function commandPart(command: Command): string {
  const given = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '…' : ''}`
    return [`\`${argument.required ? name : `[${name}]`}\``, argument.description]
  })
  const options = command.options.map(({ flags, description, mandatory }) => [
    `\`${flags}\``,
    `${description}${mandatory ? '; required' : ''}`,
  ])
  const rows = [...given, ...options].map((cells) => cells.map(plain))
  const summary = command.summary()
  const sentence = `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`
  return [plain(sentence), rows.length === 0 ? 'It takes nothing.' : table(['Takes', 'Meaning'], rows)].join('\n\n') // prettier-ignore
}

/** Help is no Markdown: a placeholder is no tag, a glob no emphasis. */
function plain(text: string): string {
  return text.startsWith('`') ? text : text.replaceAll(/[<*]/g, '\\$&')
}

function shippedRules(): string {
  const rows = yamlOf('rules').map(({ file, value }) => [
    `[\`${String(value['name'])}\`](../rules/${file})`,
    `\`${String(value['type'])}\``,
    String(value['description']),
  ])
  return table(['Rule', 'Type', 'Fires when'], rows)
}

function shippedParsers(): string {
  const rows = yamlOf('parsers').map(({ file, value }) => [
    `[\`${String(value['name'])}\`](../parsers/${file})`,
    String(value['doc']),
  ])
  return table(['Parser', 'Reads'], rows)
}

function yamlOf(folder: string): { file: string; value: Record<string, unknown> }[] {
  return readdirSync(`${root}${folder}`)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => ({
      file: basename(file),
      value: parse(readFileSync(`${root}${folder}/${file}`, 'utf8')) as Record<string, unknown>,
    }))
}

function optionTable(options: ReadonlyMap<string, z.ZodType>): string {
  if (options.size === 0) return 'It has no options.'
  const rows = [...options].map(([name, schema]) => {
    const { inner, standard } = unwrapped(schema)
    return [`\`${name}\``, form(inner), standard]
  })
  return table(['Option', 'Takes', 'Default'], rows)
}

/** The schema under its wrappers, and the default as a user would write it. */
function unwrapped(schema: z.ZodType): { inner: z.ZodType; standard: string } {
  if (schema instanceof z.ZodOptional) {
    return { inner: schema.unwrap() as z.ZodType, standard: 'none' }
  }
  if (!(schema instanceof z.ZodDefault)) return { inner: schema, standard: 'required' }
  const inner = schema.unwrap() as z.ZodType
  const value: unknown = schema.def.defaultValue
  const text = isDuration(inner) ? formatDuration(value as number) : JSON.stringify(value)
  return { inner, standard: `\`${text.replaceAll('"', '')}\`` }
}

/** What a value looks like, in words. */
function form(given: z.ZodType): string {
  const schema = checked(given)
  if (isDuration(schema)) return 'duration'
  if (schema === queryText) return '[query](queries.md)'
  if (schema instanceof z.ZodEnum) return schema.options.map((each) => `\`${each}\``).join(' or ')
  if (schema instanceof z.ZodArray) return `list of ${form(schema.element as z.ZodType)}`
  if (schema instanceof z.ZodRecord) return `map of names to ${form(schema.valueType as z.ZodType)}`
  if (schema instanceof z.ZodNumber) return numberForm(schema)
  if (schema instanceof z.ZodOptional) return form(schema.unwrap() as z.ZodType)
  if (schema instanceof z.ZodObject) {
    return `map of ${Object.keys(schema.shape)
      .map((key) => `\`${key}\``)
      .join(', ')}`
  }
  if (schema instanceof z.ZodURL) return 'address'
  if (schema instanceof z.ZodString) return 'text'
  throw new Error(`no words for the schema type ${schema.def.type}`)
}

function numberForm(schema: z.ZodNumber): string {
  const json = z.toJSONSchema(schema, { io: 'input' })
  const whole = json.type === 'integer'
  const above = json.exclusiveMinimum as number | undefined
  const low = whole && above !== undefined ? above + 1 : json.minimum
  const noun = whole ? 'whole number' : 'number'
  const bounds = [
    low !== undefined ? `from ${low}` : above !== undefined ? `above ${above}` : '',
    json.maximum === undefined || json.maximum === Number.MAX_SAFE_INTEGER
      ? ''
      : `up to ${json.maximum.toLocaleString('en-US')}`,
  ]
  return [noun, ...bounds.filter((bound) => bound !== '')].join(' ')
}

function fence(yaml: string): string {
  return ['```yaml', yaml, '```'].join('\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const path of pages()) {
    const fresh = await renewed(path)
    if (fresh === readFileSync(`${root}${path}`, 'utf8')) continue
    writeFileSync(`${root}${path}`, fresh)
    process.stdout.write(`renewed ${path}\n`)
  }
}
