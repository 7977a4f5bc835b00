import { describe, expect, test } from 'vitest'
import { buildParser, readDefinition, runSamples } from '../../src/parsers/definition.ts'

function faults(...samples: Record<string, unknown>[]): string[] {
  const definition = readDefinition(
    {
      name: 'own',
      doc: 'x',
      time: { format: '%Y-%m-%d %H:%M:%S' },
      patterns: ['(?<time>\\d\\S+ \\S+) (?<n>\\d+) ?(?<text>.*)'],
      fields: { n: 'int' },
      continuation: '\\s.*',
      samples,
    },
    'own.yaml',
  )
  return runSamples(definition, buildParser(definition))
}

describe('samples', () => {
  test('that hold say nothing', () => {
    const line = '2026-11-23 14:02:11 7 x'
    expect(
      faults(
        { line, time: '2026-11-23T14:02:11.000Z', fields: { n: 7, text: 'x' } },
        { line, zone: 'Europe/Berlin', time: '2026-11-23T13:02:11.000Z' },
        { line: `${line}\n  more\n  and more` },
        { line: '  more', continues: true },
        { line: 'x', unparsed: true },
        { line: 'x', unparsed: 'does not match own' },
      ),
    ).toEqual([])
  })

  test.each([
    [
      { line: '2026-11-23 14:02:11 7 x', fields: { n: '7', more: 1 } },
      [
        'samples[0]: the field n is 7, not "7"',
        'samples[0]: the field text is "x", not absent',
        'samples[0]: the field more is absent, not 1',
      ],
    ],
    [
      { line: '2026-11-23 14:02:11 7', time: null },
      ['samples[0]: the time is 2026-11-23T14:02:11.000Z, not absent'],
    ],
    [
      { line: '2026-11-23 14:02:11 7', unparsed: true },
      ['samples[0]: line 1 is an event, not unparsed'],
    ],
    [
      { line: 'x', fields: {} },
      ['samples[0]: line 1 is unparsed (does not match own), not an event'],
    ],
    [
      { line: '2026-02-30 14:02:11 7', unparsed: 'another' },
      ['samples[0]: the reason is "bad time", not "another"'],
    ],
    [
      { line: '2026-11-23 14:02:11 7\nx' },
      ['samples[0]: line 2 is unparsed (does not match own), not a continuation'],
    ],
    [
      { line: '2026-11-23 14:02:11 7', continues: true },
      ['samples[0]: line 1 is an event, not a continuation'],
    ],
    [{ line: '' }, ['samples[0]: the line is missing']],
  ])('%j does not hold', (sample, expected) => {
    expect(faults(sample)).toEqual(expected)
  })
})
