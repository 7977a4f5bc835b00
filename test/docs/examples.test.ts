/** The YAML in the docs is read by the loaders that read the users' files, and its tests pass. */
import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { root } from '../../docs/generate.ts'
import { readRule } from '../../src/catalog.ts'
import { parseConfig } from '../../src/config.ts'
import { buildParser, readDefinition, runSamples } from '../../src/parsers/definition.ts'
import { parserDefinition } from '../../src/parsers/schema.ts'
import { runRuleTest } from '../../src/replay/rule-test.ts'
import { readYaml } from '../../src/yaml/document.ts'
import { fences, nameOf } from './fences.ts'

const yaml = fences()
  .filter(({ language, generated }) => language === 'yaml' && !generated)
  .map((fence) => ({ ...fence, kind: fence.info.split(' ')[0] ?? '', name: nameOf(fence) }))
const of = (kind: string) => yaml.filter((fence) => fence.kind === kind)

it('every block says whether it is a config, a rule or a parser', () => {
  expect(yaml.filter(({ kind }) => !['config', 'rule', 'parser'].includes(kind))).toEqual([])
  expect(new Set(yaml.map(({ kind }) => kind))).toEqual(new Set(['config', 'rule', 'parser']))
})

test.each(of('config'))('$name is a configuration without a fault', ({ page, text }) => {
  expect(() => parseConfig(page, text, '/etc/lastpush')).not.toThrow()
})

test.each(of('rule'))('$name is a rule whose tests pass', ({ page, text }) => {
  const file = readRule(page, text, { keepFiringMs: null })
  expect(file?.tests.length).toBeGreaterThan(0)
  expect(file?.tests.flatMap((each) => runRuleTest(file.rule, each))).toEqual([])
})

test.each(of('parser'))('$name is a parser whose samples hold', ({ page, text }) => {
  const definition = readDefinition(readYaml(page, text).value, page)
  expect(definition.samples.length).toBeGreaterThan(0)
  expect(runSamples(definition, buildParser(definition))).toEqual([])
})

describe('every field of a rule and of a parser is in the docs', () => {
  /** Keys of a schema that its file keeps to itself, read from its source. */
  function keysBetween(path: string, from: string, to: string, form: RegExp): Set<string> {
    const [, after] = readFileSync(`${root}${path}`, 'utf8').split(from)
    const [block] = after?.split(to) ?? []
    const keys = [...(block ?? '').matchAll(form)].map(([, key = '']) => key)
    expect(keys.length).toBeGreaterThan(5)
    return new Set(keys)
  }

  function keysInTables(page: string): Set<string> {
    const cells = readFileSync(`${root}docs/${page}`, 'utf8').matchAll(/^\| (`[^|]*) \|/gm)
    return new Set([...cells].flatMap(([, cell = '']) => cell.match(/\w+/g) ?? []))
  }

  it('docs/rules.md explains the fields of every rule', () => {
    const known = keysBetween('src/catalog.ts', 'const common = {', '\n}\n', /^ {2}([a-z_]+):/gm)
    const explained = keysInTables('rules.md')
    expect([...known].filter((key) => !explained.has(key))).toEqual([])
  })

  it('docs/parsers.md explains the keys of a parser', () => {
    const explained = keysInTables('parsers.md')
    const known = Object.keys(parserDefinition.shape)
    expect(known.filter((key) => !explained.has(key))).toEqual([])
  })
})
