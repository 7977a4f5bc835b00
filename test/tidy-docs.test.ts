/** What a user may write, call or see is in the docs, and the docs name nothing else: kinds, keys of
 *  the configuration, commands, metrics, pages. Error codes are held by test/docs/errors.test.ts,
 *  links by test/docs/links.test.ts. Each check is itself tested on a bad snippet. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { commands, pages, root } from '../docs/generate.ts'
import { readRule } from '../src/catalog.ts'
import { parseConfig } from '../src/config.ts'
import { schema } from '../src/config/schema.ts'
import { LastpushError } from '../src/model/errors.ts'
import { receiverTypes, ruleTypes, sourceTypes } from '../src/registry.ts'
import { fencesOf } from './docs/fences.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const exists = (path: string): boolean => existsSync(join(root, path))

interface Kind {
  readonly folder: 'sources' | 'rules' | 'receivers'
  readonly kind: string
  readonly doc: string
  readonly example: string
}

const kinds: readonly Kind[] = [
  ...sourceTypes.map(({ kind, doc, example }) => ({ folder: 'sources', kind, doc, example }) as const), // prettier-ignore
  ...ruleTypes.map(({ kind, doc, example }) => ({ folder: 'rules', kind, doc, example }) as const),
  ...receiverTypes.map(({ kind, doc, example }) => ({ folder: 'receivers', kind, doc, example }) as const), // prettier-ignore
]

/** What a kind lacks, one sentence each. */
function kindFaults({ folder, kind, doc, example }: Kind): string[] {
  const test = `test/${folder}/${kind.replaceAll('_', '-')}.test.ts`
  const told = exampleFault(folder, example)
  return [
    ...(doc === '' ? ['it has no doc'] : []),
    ...(told === null ? [] : [`its example is refused: ${told}`]),
    ...(exists(test) ? [] : [`there is no ${test}`]),
    ...pageFaults(folder, kind),
  ]
}

/** A page of its own, and a link to it where a reader looks for it. */
function pageFaults(folder: string, kind: string): string[] {
  const [page, shared] = [`docs/${folder}/${kind}.md`, `docs/${folder}.md`]
  const isLinked = read(shared).includes(`(${folder}/${kind}.md)`)
  return [
    ...(exists(page) ? [] : [`there is no ${page}`]),
    ...(isLinked ? [] : [`${shared} does not link it`]),
  ]
}

/** The example as a user pastes it, read by the loader that reads the user's file. */
function exampleFault(folder: Kind['folder'], example: string): string | null {
  const config = folder === 'sources' ? `sources:\n  ${example}\n` : example
  try {
    if (folder !== 'rules') parseConfig('lastpush.yaml', config, '/etc/lastpush')
    else readRule('rule.yaml', `name: example\n${example}\n`, { keepFiringMs: null })
    return null
  } catch (error) {
    if (!(error instanceof LastpushError)) throw error
    return error.faults.map(({ message }) => message).join('; ') || error.message
  }
}

describe('every kind of the registry', () => {
  it.each(kinds)('$folder: $kind has a doc, an example, a test and a page', (kind) => {
    expect(kindFaults(kind)).toEqual([])
  })

  it('that lacks one of these is found', () => {
    const example = '- { nothing: {} }'
    expect(kindFaults({ folder: 'sources', kind: 'no_such', doc: '', example })).toEqual([
      'it has no doc',
      'its example is refused: is not known here; known are name, service, env, host, path_labels, parser, zone, lateness, file, stdin, kafka', // prettier-ignore
      'there is no test/sources/no-such.test.ts',
      'there is no docs/sources/no_such.md',
      'docs/sources.md does not link it',
    ])
    expect(exampleFault('rules', 'type: frequency\nnum_events: none')).toContain('num')
    expect(exampleFault('receivers', 'receivers: { x: { webhook: { url: 7 } } }')).not.toBeNull()
  })
})

/** Keys that a map may have, and those of the maps inside it; not the options of kinds, which have
 *  pages of their own. */
function keysOf(given: z.ZodType, seen = new Set<z.ZodType>()): string[] {
  if (seen.has(given)) return []
  seen.add(given)
  if (given instanceof z.ZodObject) {
    const shape = given.shape as unknown as Readonly<Record<string, z.ZodType>>
    return Object.entries(shape).flatMap(([key, inner]) => [key, ...keysOf(inner, seen)])
  }
  if (given instanceof z.ZodArray) return keysOf(given.element as z.ZodType, seen)
  if (given instanceof z.ZodRecord) return keysOf(given.valueType as z.ZodType, seen)
  if (given instanceof z.ZodPipe) return [...keysOf(given.in as z.ZodType, seen), ...keysOf(given.out as z.ZodType, seen)] // prettier-ignore
  if (given instanceof z.ZodLazy) return keysOf(given.unwrap() as z.ZodType, seen)
  if (given instanceof z.ZodUnion) return given.options.flatMap((each) => keysOf(each as z.ZodType, seen)) // prettier-ignore
  const isWrapper =
    given instanceof z.ZodOptional ||
    given instanceof z.ZodDefault ||
    given instanceof z.ZodPrefault ||
    given instanceof z.ZodNullable
  return isWrapper ? keysOf(given.unwrap() as z.ZodType, seen) : []
}

/** Words in code of the first column of the tables of a page. */
function wordsInTables(text: string): Set<string> {
  const cells = text.matchAll(/^\| ([^|]*`[^|]*) \|/gm)
  return new Set([...cells].flatMap(([, cell = '']) => cell.match(/\w+/g) ?? []))
}

/** Keys that the first example of a page neither sets nor names in a comment. */
function unshown(keys: readonly string[], page: string): string[] {
  const [example] = fencesOf('', page).filter(({ info }) => info.startsWith('config'))
  const set = new Set(nested(parse(example?.text ?? '')))
  const comments = [...(example?.text ?? '').matchAll(/#(.*)$/gm)].map(([, words]) => words).join()
  return keys.filter((key) => !set.has(key) && !new RegExp(`\\b${key}\\b`).test(comments))
}

function nested(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(nested)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...nested(inner)])
}

describe('every key of lastpush.yaml', () => {
  const kindNames = new Set(kinds.map(({ kind }) => kind))
  const elasticsearch = wordsInTables(read('docs/stores/elasticsearch.md'))
  const keys = [...new Set(keysOf(schema))].filter((key) => !kindNames.has(key))
  const sections = ['services', 'route', 'store', 'http', 'elasticsearch']

  it('is read from the schema, deep in it too', () => {
    for (const key of ['env', 'lateness', 'exposure', 'group_by', 'token_file']) {
      expect(keys).toContain(key)
    }
    expect(keysOf(z.array(z.object({ a: z.object({ b: z.string() }).optional() })))).toEqual(['a', 'b']) // prettier-ignore
  })

  it('is explained in a table of docs/configuration.md or of the page of its section', () => {
    const explained = new Set([
      ...['configuration', 'sources', 'routes'].flatMap((page) => [...wordsInTables(read(`docs/${page}.md`))]), // prettier-ignore
      ...elasticsearch,
      ...sections,
    ])
    expect(keys.filter((key) => !explained.has(key))).toEqual([])
    expect([...wordsInTables('| `a`, `b` | c |\n| d | `e` |\n')]).toEqual(['a', 'b'])
  })

  it('stands in the example of docs/configuration.md', () => {
    const expected = keys.filter((key) => !elasticsearch.has(key) && key !== 'elasticsearch')
    expect(unshown(expected, read('docs/configuration.md'))).toEqual([])
    const page = '```yaml config\na: [{ b: 1 }] # or c\n```\n'
    expect(unshown(['a', 'b', 'c', 'd'], page)).toEqual(['d'])
  })
})

/** Commands without a section, and options that their section does not name. */
function undocumented(page: string, given: typeof commands): string[] {
  return [...given].flatMap(([name, command]) => {
    const [, section] = page.split(`<!-- generated: command ${name} -->`)
    if (section === undefined) return [name]
    const [told = ''] = section.split('<!-- end -->')
    const flags = command.options.map(({ long, short }) => long ?? short ?? '')
    return flags.filter((flag) => !told.includes(flag)).map((flag) => `${name} ${flag}`)
  })
}

describe('every command', () => {
  const page = read('docs/commands.md')

  it('is in docs/commands.md with each of its options', () => {
    expect(commands.size).toBeGreaterThan(10)
    expect(undocumented(page, commands)).toEqual([])
  })

  it('that is not is found, and so is one that does not exist', () => {
    const status = commands.get('status')
    expect(undocumented('', new Map([['status', status as never]]))).toEqual(['status'])
    const short = page.replaceAll('--server', '--other')
    expect(undocumented(short, new Map([['status', status as never]]))).toEqual(['status --server'])
    const told = [...page.matchAll(/^## `lastpush ([^`]+)`$/gm)].map(([, name = '']) => name)
    expect(told).toEqual([...commands.keys()].map((name) => name.replace('-', ' ')))
  })
})

/** Names of metrics as a file writes them; a name that is put together is told as such. */
function metricsIn(text: string): string[] {
  const names = [...text.matchAll(/['"](lastpush_[a-z_]+)['"]/g)].map(([, name = '']) => name)
  const made = /\b(?:counter|gauge|histogram)\(\s*`/.test(text)
    ? ['a name that is put together']
    : []
  return [...names, ...made]
}

function metricsListed(page: string): string[] {
  const rows = page.split('\n').filter((line) => line.startsWith('| `lastpush_'))
  return rows.flatMap((line) => line.split(' | ')[0]?.match(/lastpush_\w+/g) ?? [])
}

describe('every metric', () => {
  it('in the code is in docs/operate.md, and the reverse', () => {
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    const code = files.filter((name) => name.endsWith('.ts')).map((name) => read(`src/${name}`))
    const used = [...new Set(code.flatMap(metricsIn))]
    expect(used.sort()).toEqual(metricsListed(read('docs/operate.md')).sort())
  })

  it('is found however it is written', () => {
    const text = 'm.counter(\n  "lastpush_a_total")\nm.gauge(`lastpush_${b}`)'
    expect(metricsIn(text)).toEqual(['lastpush_a_total', 'a name that is put together'])
    expect(metricsListed('| `lastpush_a`, `lastpush_b` | `lastpush_c` |')).toEqual([
      'lastpush_a',
      'lastpush_b',
    ])
  })
})

/** `f07-f13-rotated.test.ts` → F07 to F13; `f53-s01-lines.test.ts` → F53, S01. */
function numbersOf(file: string): string[] {
  const [head = ''] = /^(?:[fs]\d\d-)+/.exec(file) ?? []
  const named = head.toUpperCase().split('-').filter(Boolean)
  const [from = '', to = ''] = named
  if (named.length !== 2 || from[0] !== to[0]) return named
  const [first, last] = [Number(from.slice(1)), Number(to.slice(1))]
  const number = (_: unknown, index: number): string =>
    `${from[0]}${String(first + index).padStart(2, '0')}`
  return Array.from({ length: last - first + 1 }, number)
}

/** Number → what the last column of its row says. */
function faultRows(page: string): Map<string, string> {
  const rows = page.matchAll(/^\| ([FS]\d\d) +\| .*? \| (.*?) +\|$/gm)
  return new Map([...rows].map(([, number = '', held = '']) => [number, held]))
}

/** What the table says and the files do not, and the reverse. */
function faultTableFaults(rows: ReadonlyMap<string, string>, files: readonly string[]): string[] {
  const tested = new Set(files.flatMap(numbersOf))
  return [
    ...[...tested].filter((number) => rows.get(number) !== 'its number'),
    ...[...rows].flatMap(([number, held]) => held === 'its number' && !tested.has(number) ? [`no ${number}`] : []), // prettier-ignore
    ...[...rows.values()].flatMap((held) => [...held.matchAll(/`(test\/[^`]+)`/g)].flatMap(([, path = '']) => exists(path) ? [] : [path])), // prettier-ignore
  ]
}

describe('the table of faults', () => {
  const rows = faultRows(read('docs/faults.md'))

  it('has a row for every number', () => {
    const numbers = (letter: string, last: number): string[] =>
      Array.from({ length: last }, (_, index) => `${letter}${String(index + 1).padStart(2, '0')}`)
    expect([...rows.keys()]).toEqual([...numbers('F', 76), ...numbers('S', 44)])
    const forms = /^(its number|not (injected here|built yet): .+|`test\/[^`]+`(, `test\/[^`]+`)*)$/
    expect([...rows.values()].filter((held) => !forms.test(held))).toEqual([])
  })

  it('says where each test is, and names no test that is not there', () => {
    const files = readdirSync(join(root, 'test/faults'))
    expect(faultTableFaults(rows, files)).toEqual([])
  })

  it('that does not agree with the files is found', () => {
    const wrong = new Map([
      ['F01', 'its number'],
      ['F02', 'not built yet: x'],
      ['S01', '`test/no.test.ts`'],
    ])
    expect(faultTableFaults(wrong, ['f02-a.test.ts', 'books.ts'])).toEqual(['F02', 'no F01', 'test/no.test.ts']) // prettier-ignore
    expect(numbersOf('f07-f09-rotated.test.ts')).toEqual(['F07', 'F08', 'F09'])
    expect(numbersOf('f53-s01-lines.test.ts')).toEqual(['F53', 'S01'])
  })
})

/** Pages that links lead to from the first one. A link to a folder leads to all in it. */
function reachable(all: ReadonlyMap<string, string>, from: string): Set<string> {
  const found = new Set<string>()
  const open = [from]
  for (let page = open.pop(); page !== undefined; page = open.pop()) {
    if (found.has(page)) continue
    found.add(page)
    for (const [, target = ''] of (all.get(page) ?? '').matchAll(/\]\(([^)\s#]+)/g)) {
      const path = normalize(join(dirname(page), target)).replace(/\/$/, '')
      open.push(...[...all.keys()].filter((each) => each === path || dirname(each) === path))
    }
  }
  return found
}

describe('every page', () => {
  it('is reached by links from README.md', () => {
    const all = new Map(pages().map((page) => [page, read(page)]))
    const found = reachable(all, 'README.md')
    expect(pages().filter((page) => !found.has(page))).toEqual([])
  })

  it('that no link leads to is found', () => {
    const all = new Map([
      ['README.md', '[a](docs/a.md#x) [c](docs/c)'],
      ['docs/a.md', '[r](../README.md)'],
      ['docs/b.md', '[b](b.md)'],
      ['docs/c/d.md', ''],
    ])
    expect([...reachable(all, 'README.md')].sort()).toEqual(['README.md', 'docs/a.md', 'docs/c/d.md']) // prettier-ignore
  })
})
