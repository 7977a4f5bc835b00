import { describe, expect, test } from 'vitest'
import { LastpushError, faultLine } from '../../src/model/errors.ts'
import { buildParser, readDefinition } from '../../src/parsers/definition.ts'

const valid = {
  name: 'own',
  doc: 'Own logs.',
  time: { format: '%Y-%m-%d %H:%M:%S' },
  patterns: ['(?<time>\\S+ \\S+) (?<level>\\w+) (?<message>.*)'],
}

/** Code and faults that a definition with these changes is refused with. */
function refusal(changes: Record<string, unknown>): [string, string[]] | null {
  try {
    buildParser(readDefinition({ ...valid, ...changes }, 'own.yaml'), 'own.yaml')
  } catch (error) {
    if (!(error instanceof LastpushError)) throw error
    return [error.code, error.faults.map(faultLine)]
  }
  return null
}

describe('a definition', () => {
  test('that is sound gives a parser of its name', () => {
    const parser = buildParser(readDefinition(valid, 'own.yaml'))
    const { name, multiline, access } = parser
    expect({ name, multiline, access }).toEqual({
      name: 'own',
      multiline: false,
      access: false,
    })
  })

  test('gives an access parser when a pattern has a status, a multi-line one by continuation', () => {
    const parser = buildParser(
      readDefinition(
        { name: 'own', doc: 'x', patterns: ['a', '(?<status>\\d+)'], continuation: ' .*' },
        'own.yaml',
      ),
    )
    expect([parser.access, parser.multiline]).toEqual([true, true])
  })

  test.each([
    [
      { patterns: ['(?=x)(?<time>x)', '(?<a>x)(?<a>y)', 'x{2000}'] },
      'PATTERN_REFUSED',
      [
        'own.yaml: patterns[0]: RE2 refuses it: invalid perl operator: (?=',
        'own.yaml: patterns[1]: RE2 refuses it: duplicate capture group name',
        'own.yaml: patterns[2]: RE2 refuses it: invalid repetition size: {2000}',
      ],
    ],
    [
      { patterns: ['(?<time>\\C)'] },
      'PATTERN_REFUSED',
      ['own.yaml: patterns[0]: \\C takes single bytes; use . or a class'],
    ],
    [
      { continuation: '(' },
      'PATTERN_REFUSED',
      ['own.yaml: continuation: RE2 refuses it: missing ): ('],
    ],
    [
      { continuation: '(?<stack>.*)' },
      'CONFIG_INVALID',
      ['own.yaml: continuation: groups of a continuation are not read'],
    ],
    [
      { patterns: ['(?<time>x)(y)'] },
      'CONFIG_INVALID',
      ['own.yaml: patterns[0]: a group has no name; write (?<name>…) to keep its text, else (?:…)'],
    ],
    [
      { patterns: ['(?<time>x)(?<größe>y)'] },
      'CONFIG_INVALID',
      [
        'own.yaml: patterns[0]: the group "größe" is no field name: letters, digits and _, no digit first',
      ],
    ],
    [
      { time: undefined },
      'CONFIG_INVALID',
      ['own.yaml: patterns[0]: the group "time" needs time.format to be read by'],
    ],
    [
      { patterns: ['(?<message>.*)'] },
      'CONFIG_INVALID',
      ['own.yaml: time: no pattern has a group "time"'],
    ],
    [
      { time: { format: ['%H:%M', 'rfc3339'], zone: 'Mars/Olympus' } },
      'CONFIG_INVALID',
      [
        'own.yaml: time.format[0]: lacks %Y, %d, %S, %m or %b',
        'own.yaml: time.zone: "Mars/Olympus" is no IANA time zone',
      ],
    ],
    [
      { fields: { statsu: 'int', time: 'int', level: 'text' } },
      'CONFIG_INVALID',
      [
        'own.yaml: fields.statsu: no pattern has a group "statsu"',
        'own.yaml: fields.time: is read by time.format; drop the type',
        'own.yaml: fields.level: is always a level; drop the type',
      ],
    ],
    [
      { time: undefined, patterns: ['(?<a>x)'], levels: { E: 'error' } },
      'CONFIG_INVALID',
      ['own.yaml: levels: no pattern has a group "level"'],
    ],
    [
      { time: undefined, patterns: [] },
      'CONFIG_INVALID',
      ['own.yaml: patterns: at least one pattern is needed'],
    ],
    [
      { format: 'json' },
      'CONFIG_INVALID',
      [
        'own.yaml: patterns: has no effect with format json',
        'own.yaml: time: has no effect with format json',
      ],
    ],
  ])('%j is refused', (changes, code, faults) => {
    expect(refusal(changes)).toEqual([code, faults])
  })

  test('of the wrong form is refused with the path of each fault', () => {
    const [code, faults] = refusal({
      name: 'Own Logs',
      fields: { message: 'integer' },
      patterns: ['x', 7],
      colour: 'red',
    }) ?? ['', []]
    expect(code).toBe('CONFIG_INVALID')
    expect(faults.map((fault) => fault.split(': ').slice(0, 2).join(': ')).sort()).toEqual([
      'own.yaml: Unrecognized key',
      'own.yaml: fields.message',
      'own.yaml: name',
      'own.yaml: patterns[1]',
    ])
  })
})
