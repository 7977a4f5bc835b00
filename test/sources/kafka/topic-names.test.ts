import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import { meet, standsFor } from '../../../src/sources/kafka/topic-names.ts'

describe('a pattern', () => {
  test.each([
    ['web-*', 'web-', true],
    ['web-*', 'web-access', true],
    ['web-*', 'my-web-access', false],
    ['*.log', 'a.b.log', true],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'axxc', false],
    ['web-?', 'web-1', true],
    ['web-?', 'web-12', false],
    ['*', 'anything', true],
    ['*', '__consumer_offsets', false],
    ['__consumer_offsets', '__consumer_offsets', true],
    ['web', 'web', true],
    ['web', 'web2', false],
  ])('%s: is %s one of its topics? %s', (pattern, name, is) => {
    expect(standsFor(pattern, name)).toBe(is)
  })

  test('matches what a regex of the same meaning matches', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', '*', '?'), { maxLength: 8 })
    const name = fc.array(fc.constantFrom('a', 'b'), { maxLength: 8 }).map((each) => each.join(''))
    fc.assert(
      fc.property(letters, name, (parts, text) => {
        const source = parts.map((each) => each.replace('?', '.').replace('*', '.*')).join('')
        expect(meet(parts.join(''), text)).toBe(new RegExp(`^${source}$`).test(text))
      }),
    )
  })

  test.each([
    ['web-*', '*-access', true],
    ['web-*', 'api-*', false],
    ['a?', '?b', true],
    ['a?', 'b*', false],
    ['*a*', '*b*', true],
  ])('%s and %s may stand for one topic: %s', (a, b, is) => {
    expect(meet(a, b)).toBe(is)
    expect(meet(b, a)).toBe(is)
  })

  test('stands time with many stars', () => {
    expect(meet(`${'*a'.repeat(120)}b`, 'a'.repeat(249))).toBe(false)
  })

  test('that another source could read from as well is a fault of the configuration', () => {
    const text = `sources:
  - { name: one, kafka: { brokers: [a:9092], topics: ['web-*'] } }
  - { name: two, kafka: { brokers: [b:9092], topics: ['*-errors'] } }
`
    const message = 'the source "one" reads the topic *-errors already'
    expect(() => parseConfig('lastpush.yaml', text, '/')).toThrow(
      expect.objectContaining({ faults: [expect.objectContaining({ message })] }),
    )
  })
})
