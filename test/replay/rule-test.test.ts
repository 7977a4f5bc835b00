import { describe, expect, test } from 'vitest'
import { readRule } from '../../src/catalog.ts'
import { runRuleTest } from '../../src/replay/rule-test.ts'

const rule = `name: burst
type: frequency
query: level:error
num_events: 3
timeframe: 1m
`
const spec = `
  - name: t
    deploys: [{ at: 5s, sha: 3b77d0c5ae, service: web }, { at: 40s, sha: 91c02fe77b, service: web }]
    events: [{ at: 10s, repeat: 3, every: 1s, service: web, level: error, message: boom }]
    expect: `

/** What a test with these expectations says. */
function run(expected: string, yaml = rule, before = spec): readonly string[] {
  const read = readRule('rule.yaml', `${yaml}tests:${before}${expected}\n`, { keepFiringMs: null })
  const [first] = read?.tests ?? []
  if (read === null || first === undefined) throw new Error('no test')
  return runRuleTest(read.rule, first)
}

describe('a test inside a rule', () => {
  test.each([
    ['its firing', '[{ at: 12s, state: firing }]'],
    ['its firing and its end', '[{ at: 12s, state: firing }, { at: 70s, state: resolved }]'],
    ['times within a pane', '[{ at: 13s, state: firing }, { at: 71s, state: resolved }]'],
    ['a SHA, also shortened', '[{ at: 12s, state: firing, sha: 3b77d0c }]'],
    ['who fixed it', '[{ at: 12s, state: firing }, { at: 70s, state: resolved, fixed_by: 91c02fe77b }]'],
    ['labels', '[{ at: 12s, state: firing, labels: { service: web, env: production } }]'],
    ['when it was pending', '[{ at: 12s, state: pending }, { at: 12s, state: firing }]'],
  ])('passes when it tells %s', (_, expected) => {
    expect(run(expected)).toEqual([])
  }) // prettier-ignore

  const happened = 'pending at 12s (3b77d0c5ae), firing at 12s (3b77d0c5ae)'

  test.each([
    ['a wrong time', '[{ at: 20s, state: firing }]', [`expected firing at 20s, but there was ${happened}`, 'did not expect firing at 12s (3b77d0c5ae)']],
    ['a wrong SHA', '[{ at: 12s, state: firing, sha: cafecafe }]', [`expected firing at 12s (cafecafe), but there was ${happened}`, 'did not expect firing at 12s (3b77d0c5ae)']],
    ['a wrong label', '[{ at: 12s, state: firing, labels: { service: api } }]', [`expected firing at 12s, but there was ${happened}`, 'did not expect firing at 12s (3b77d0c5ae)']],
    ['one firing too many', '[{ at: 12s, state: firing }, { at: 13s, state: firing }]', [`expected firing at 13s, but there was ${happened}`]],
    ['silence', '[]', ['did not expect firing at 12s (3b77d0c5ae)', 'did not expect resolved at 1m10s (3b77d0c5ae)']],
    ['who did not fix it', '[{ at: 12s, state: firing }, { at: 70s, state: resolved, fixed_by: cafecafe }]', [`expected resolved at 1m10s, but there was ${happened}, resolved at 1m10s (3b77d0c5ae)`, 'did not expect resolved at 1m10s (3b77d0c5ae)']],
  ])('says in sentences what is wrong when it tells %s', (_, expected, failures) => {
    expect(run(expected)).toEqual(failures)
  }) // prettier-ignore

  test('says so when nothing happened at all', () => {
    const quiet = spec.replace('repeat: 3', 'repeat: 2')
    expect(run('[{ at: 12s, state: firing }]', rule, quiet)).toEqual([
      'expected firing at 12s, but nothing happened',
    ])
    expect(run('[]', rule, quiet)).toEqual([])
  })

  test('looks at what is pending still', () => {
    const held = `${rule}for: 5m\n`
    expect(run('[{ at: 12s, state: pending }]', held)).toEqual([])
    expect(run('[{ at: 12s, state: firing }]', held)).toEqual([
      'expected firing at 12s, but there was pending at 12s (3b77d0c5ae)',
    ])
  })

  test('looks no further than its last expectation', () => {
    expect(run('[{ at: 12s, state: firing }]')).toEqual([])
  })

  test('waits as long as its last expectation', () => {
    const long = `${rule}keep_firing_for: 1h\n`
    expect(run('[{ at: 12s, state: firing }, { at: 3670s, state: resolved }]', long)).toEqual([])
  })

  test('may tell its events in any order', () => {
    const mixed = `
  - name: t
    events:
      - { at: 30s, service: web, level: error, message: boom }
      - { at: 10s, service: web, level: error, message: boom }
      - { at: 20s, service: web, level: error, message: boom }
    expect: `
    expect(run('[{ at: 30s, state: firing }]', rule, mixed)).toEqual([])
  })

  test('without events expects nothing and gets it', () => {
    expect(run('[]', rule, '\n  - name: t\n    expect: ')).toEqual([])
  })
})
