import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { LastpushError } from '../../src/model/errors.ts'
import { file } from '../../src/sources/file.ts'

describe('options of file', () => {
  test.each([
    ['a path', '/var/log/*.log', { paths: ['/var/log/*.log'], from: 'end' }],
    ['a list of paths', ['/a', '/b'], { paths: ['/a', '/b'], from: 'end' }],
    ['a map with a path', { paths: '/a' }, { paths: ['/a'], from: 'end' }],
    [
      'a map with a list',
      { paths: ['/a', '/b'], from: 'beginning' },
      { paths: ['/a', '/b'], from: 'beginning' },
    ],
  ])('take %s', (_name, given, options) => {
    expect(file.options.parse(given)).toEqual(options)
  })

  test.each([
    ['nothing', null, '', 'expected a path, a list of paths, or a map with paths and from'],
    ['a number', 7, '', 'expected a path, a list of paths, or a map with paths and from'],
    ['no paths', {}, 'paths', 'expected a path or a list of paths'],
    ['an empty path', '', 'paths.0', 'a path has no characters; name a file or a glob'],
    ['an empty list', [], 'paths', 'names no path; name a file or a glob'],
    ['a number in a list', ['/a', 7], 'paths.1', 'expected a path or a glob as text'],
    [
      'another place',
      { paths: '/a', from: 'middle' },
      'from',
      'expected end, beginning or checkpoint',
    ],
    [
      'too many paths',
      Array.from({ length: 1_001 }, () => '/a'),
      'paths',
      'names more than 1000 paths; a glob can stand for many',
    ],
  ])('refuse %s', (_name, given, path, message) => {
    const issues = file.options.safeParse(given).error?.issues ?? []
    expect(issues.map((issue) => [issue.path.join('.'), issue.message])).toEqual([[path, message]])
  })

  test('refuse a key that they do not know', () => {
    const issues = file.options.safeParse({ paths: '/a', form: 'end' }).error?.issues ?? []
    expect(issues.map(({ code }) => code)).toEqual(['unrecognized_keys'])
  })

  test('of a configuration are relative to its folder in every form', () => {
    const text = [
      'sources:',
      '  - { file: logs/*.log }',
      '  - { file: [a.log, /b.log] }',
      '  - { file: { paths: c.log, from: beginning } }',
    ].join('\n')
    expect(
      parseConfig('lastpush.yaml', text, '/etc/lastpush').sources.map((one) => one.options),
    ).toEqual([
      { paths: ['/etc/lastpush/logs/*.log'], from: 'end' },
      { paths: ['/etc/lastpush/a.log', '/b.log'], from: 'end' },
      { paths: ['/etc/lastpush/c.log'], from: 'beginning' },
    ])
  })

  test('that are wrong are told at their line', () => {
    const text = 'sources:\n  - file: a.log\n  - file: [b.log, 7]\n    name: b\n'
    expect.assertions(1)
    try {
      parseConfig('lastpush.yaml', text, '/etc/lastpush')
    } catch (error) {
      const { faults } = error as LastpushError
      expect(faults.map(({ place, message }) => [place.line, message])).toEqual([
        [3, 'expected a path or a glob as text'],
      ])
    }
  })
})
