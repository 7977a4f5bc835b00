import { describe, expect, test } from 'vitest'
import { runSamples } from '../../src/parsers/definition.ts'
import { shipped } from './shipped.ts'

describe('the parsers that ship', () => {
  test('are these', () => {
    expect([...shipped.keys()]).toEqual([
      'apache_combined',
      'apache_common',
      'apache_error',
      'json',
      'nginx_access',
      'nginx_error',
      'php_error',
      'plain',
    ])
  })

  test.each([...shipped])('%s is named as its file and has samples', (name, { definition }) => {
    expect(definition.name).toBe(name)
    expect(definition.samples.length).toBeGreaterThanOrEqual(2)
  })

  test.each([...shipped])('%s: each sample holds', (_, { definition, parser }) => {
    expect(runSamples(definition, parser)).toEqual([])
  })

  test('say which of them carry requests and which have events of several lines', () => {
    const names = (of: 'access' | 'multiline') =>
      [...shipped.values()].filter(({ parser }) => parser[of]).map(({ parser }) => parser.name)
    expect(names('access')).toEqual(['apache_combined', 'apache_common', 'nginx_access'])
    expect(names('multiline')).toEqual(['nginx_error', 'php_error'])
  })
})
