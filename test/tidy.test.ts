/** The style of this project as a test: which way imports point, what may not be left behind. What
 *  must be in the docs is held by tidy-docs.test.ts. Each check is itself tested on a bad snippet. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Low to high: a file imports from lower ranks and from its own part only. Parts that share a rank
 *  never import each other. Store contracts stand below the store that fulfils them. */
const ranks: readonly (readonly string[])[] = [
  ['model', 'package'],
  ['flow', 'yaml'],
  ['query'],
  ['store contracts'],
  ['sources', 'parsers', 'windows', 'signatures'],
  ['deploys', 'store'],
  ['alerts', 'rules'],
  ['receivers'],
  ['registry'],
  ['config', 'catalog'],
  ['pipeline'],
  ['replay'],
  ['server'],
  ['daemon'],
  ['demo'],
  ['cli'],
  ['main'],
]
const storeContracts = new Set(['src/store/state.ts', 'src/store/events.ts'])

interface SourceFile {
  readonly path: string
  readonly text: string
}

const sourceFiles = filesBelow('src')
const daemonFiles = sourceFiles.filter(({ path }) => !path.startsWith('src/web/'))
const testFiles = filesBelow('test')

function filesBelow(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `${folder}/${name}`)
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** `src/rules/spike.ts` → `rules`; `src/pipeline.ts` → `pipeline`. */
function partOf(path: string): string {
  if (storeContracts.has(path)) return 'store contracts'
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '')
}

function importsOf({ path, text }: SourceFile): string[] {
  const folder = path.slice(0, path.lastIndexOf('/'))
  return [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, target = '']) =>
    join(folder, target),
  )
}

function wrongWayImports(files: readonly SourceFile[]): string[] {
  const rankOf = (path: string): number => ranks.findIndex((rank) => rank.includes(partOf(path)))
  return files.flatMap((file) =>
    importsOf(file).flatMap((target) => {
      if (rankOf(file.path) < 0) return [`${file.path}: its part has no rank`]
      const same = partOf(file.path) === partOf(target)
      const storeItself = partOf(file.path) === 'store' && partOf(target) === 'store contracts'
      if (same || storeItself || rankOf(target) < rankOf(file.path)) return []
      return [`${file.path} imports ${target}`]
    }),
  )
}

function leftovers(files: readonly SourceFile[]): string[] {
  const words = new RegExp(['TO', 'DO|FIX', 'ME|X', 'XX\\b'].join(''))
  return files.filter(({ text }) => words.test(text)).map(({ path }) => path)
}

function withoutHead(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ text }) => !text.replace(/^#!.*\n/, '').startsWith('/**'))
    .map(({ path }) => path)
}

/** Clocks and timers named outside the one file that may. */
function clockUses(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path !== 'src/flow/time.ts')
    .filter(({ text }) =>
      /(\bDate\.now|\bperformance\.now|(?<!\.)\bset(Timeout|Interval))\(/.test(text),
    )
    .map(({ path }) => path)
}

function switchedOffTests(files: readonly SourceFile[]): string[] {
  const words = new RegExp(
    `\\b(it|test|describe)\\.(${['sk', 'ip|on', 'ly|to', 'do'].join('')})\\(`,
  )
  return files.filter(({ text }) => words.test(text)).map(({ path }) => path)
}

describe('imports', () => {
  it('point from higher to lower ranks', () => {
    expect(wrongWayImports(daemonFiles)).toEqual([])
  })

  it('of the wrong way are found', () => {
    const bad = { path: 'src/flow/time.ts', text: "import { x } from '../rules/rule.ts'\n" }
    expect(wrongWayImports([bad])).toEqual(['src/flow/time.ts imports src/rules/rule.ts'])
    const sideways = {
      path: 'src/alerts/state.ts',
      text: "import type { R } from '../rules/rule.ts'",
    }
    expect(wrongWayImports([sideways])).toEqual(['src/alerts/state.ts imports src/rules/rule.ts'])
  })

  it('never meet a barrel file', () => {
    expect(sourceFiles.filter(({ path }) => /\/index\.tsx?$/.test(path))).toEqual([])
  })
})

describe('files', () => {
  it('open with what they are for', () => {
    expect(withoutHead(sourceFiles)).toEqual([])
    expect(withoutHead([{ path: 'a.ts', text: 'export const a = 1' }])).toEqual(['a.ts'])
  })

  it('leave nothing to do behind', () => {
    expect(leftovers([...sourceFiles, ...testFiles])).toEqual([])
    expect(leftovers([{ path: 'a.ts', text: '// FIX' + 'ME later' }])).toEqual(['a.ts'])
  })

  it('take their time from the clock they are given', () => {
    expect(clockUses(daemonFiles)).toEqual([])
    expect(clockUses([{ path: 'src/a.ts', text: 'const t = Date.now()' }])).toEqual(['src/a.ts'])
  })
})

describe('tests', () => {
  it('are never switched off in the source', () => {
    expect(switchedOffTests(testFiles)).toEqual([])
    expect(switchedOffTests([{ path: 'a.ts', text: 'it.' + 'only(' }])).toEqual(['a.ts'])
  })
})

describe('rules and parsers in YAML', () => {
  const withoutTests = (key: string, files: readonly { name: string; text: string }[]) =>
    files
      .filter(({ text }) => {
        const tests = (parse(text) as Record<string, unknown>)[key]
        return !Array.isArray(tests) || tests.length === 0
      })
      .map(({ name }) => name)
  const shipped = (folder: string) =>
    readdirSync(join(root, folder)).map((name) => ({
      name,
      text: readFileSync(join(root, folder, name), 'utf8'),
    }))

  it('carry their own tests', () => {
    expect(withoutTests('tests', shipped('rules'))).toEqual([])
    expect(withoutTests('samples', shipped('parsers'))).toEqual([])
    const bad = [
      { name: 'a', text: 'tests: []' },
      { name: 'b', text: 'x: 1' },
      { name: 'c', text: 'tests: [1]' },
    ]
    expect(withoutTests('tests', bad)).toEqual(['a', 'b'])
  })
})
