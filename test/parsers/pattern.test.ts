import { describe, expect, test } from 'vitest'
import { elements, groupNames, withoutGroupNames } from '../../src/parsers/pattern-source.ts'
import { Pattern } from '../../src/parsers/pattern.ts'

describe('the source of a pattern', () => {
  test.each([
    ['(?<a>x)(?P<b>y)', ['a', 'b']],
    ['((?:x)(?<a>y(?i:z)))', [null, 'a']],
    ['\\((?<a>[(?<no>]\\))', ['a']],
    ['\\Q(?<no>\\E(?<a>x)', ['a']],
    ['[]()](?<a>[^]()])[[:alpha:](]', ['a']],
    ['\\x{28}\\\\(?<a>x)', ['a']],
  ])('%s has the groups %j', (source, names) => {
    expect(groupNames(source)).toEqual(names)
  })

  test('loses the names of its groups and nothing else', () => {
    expect(withoutGroupNames('\\(?<a>(?<b>[(?<c>](?:(?P<d>x))?)')).toBe('\\(?<a>([(?<c>](?:(x))?)')
  })

  test.each([
    ['ab+?c{2,3}', [['a', 'b+?', 'c{2,3}']]],
    ['(?<a>x|y)* [^]"]+"', [['(?<a>x|y)*', ' ', '[^]"]+', '"']]],
    ['a|b(c|d)|', [['a'], ['b', '(c|d)'], []]],
    [
      '\\d{3}\\x{1F600}\\pL\\p{Greek}?\\[',
      [['\\d{3}', '\\x{1F600}', '\\pL', '\\p{Greek}?', '\\[']],
    ],
    ['😀+é', [['😀+', 'é']]],
    ['\\Qa|b\\E+c', [['\\Qa|b\\E+', 'c']]],
  ])('%s has the elements %j', (source, expected) => {
    expect(elements(source)).toEqual(expected)
  })
})

describe('a pattern', () => {
  test('is of the whole line', () => {
    const pattern = new Pattern('(?<a>\\d+)|x')
    expect(['12', 'x', '12 ', ' 12', 'xx'].map((line) => pattern.test(line))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })

  test('gives the spans of its groups in UTF-16 units, undefined for one that took no part', () => {
    const pattern = new Pattern('(?<a>é+) (?:(?<b>x)|(?<c>y))')
    expect(pattern.groups).toEqual(['a', 'b', 'c'])
    expect(pattern.spans('éé y')).toEqual([[0, 4], [0, 2], undefined, [3, 4]])
    expect(pattern.spans('éé z')).toBe(null)
  })

  test.each([
    ['abc', '', { units: 0, group: null }],
    ['(?<a>\\d+)-(?<b>\\d+)-(?<c>\\d+)', '12-', { units: 3, group: 'a' }],
    ['(?<a>\\d+)-(?<b>\\d+)-(?<c>\\d+)', '12-34', { units: 5, group: 'b' }],
    ['(?<a>\\d+)-(?<b>\\d+)-(?<c>\\d+)', '12-34-x', { units: 6, group: 'b' }],
    ['(?<a>\\d+)-(?<b>\\d+)-(?<c>\\d+)', '12-34-56 ', { units: 8, group: 'c' }],
    ['(?<a>x)1|(?<b>xy)2', 'xyz', { units: 2, group: 'b' }],
    ['"(?<a>[^"]*)"', '"cut off', { units: 8, group: 'a' }],
  ])('%s reaches in %j as far as %j', (source, line, reach) => {
    expect(new Pattern(source).reach(line)).toEqual(reach)
  })

  test.each(['(?=a)', '(?<a>x)(?<a>y)', '\\1', 'a{2000}', '(', 'a)(b', '[', '*'])(
    '%s is refused by RE2',
    (source) => {
      expect(() => new Pattern(source)).toThrow(SyntaxError)
    },
  )

  test('that would hang a backtracking engine takes linear time', () => {
    const pattern = new Pattern('(?<a>(?:x+x+)+y)')
    expect(pattern.test('x'.repeat(100_000))).toBe(false)
  })
})
