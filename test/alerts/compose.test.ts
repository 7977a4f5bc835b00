import { describe, expect, test } from 'vitest'
import { composeAlert, fillTemplate } from '../../src/alerts/compose.ts'
import { onsetOf } from './onset-of.ts'

const start = Date.UTC(2026, 10, 23, 12)

describe('an alert', () => {
  test('says all that its onset knows, with times in RFC 3339', () => {
    const onset = onsetOf({
      phase: 'firing',
      startsAt: start,
      value: 7.5,
      threshold: 5,
      facts: { window: '2m', denominator: '400' },
      samples: ['line one'],
      blame: {
        sha: '3b77d0c5ae',
        deploy: 'd1',
        suspects: [{ sha: '3b77d0c5ae', share: 1 }],
        named: null,
        scope: 'production\u0000web',
      },
    })
    const rule = { name: 'server-errors', summary: '{value} % of {denominator} in {window}' }
    expect(composeAlert(rule, onset, 'resolved', start + 90_000, '91c02fe77b')).toEqual({
      rule: 'server-errors',
      labels: { service: 'web', env: 'production', severity: 'page' },
      state: 'resolved',
      acknowledged: false,
      muted: false,
      nodata: false,
      startsAt: '2026-11-23T12:00:00.000Z',
      endsAt: '2026-11-23T12:01:30.000Z',
      sha: '3b77d0c5ae',
      deploy: 'd1',
      fixedBy: '91c02fe77b',
      suspects: [{ sha: '3b77d0c5ae', share: 1 }],
      value: 7.5,
      threshold: 5,
      summary: '7.5 % of 400 in 2m',
      samples: ['line one'],
      fingerprint: 'f00dfeedf00dfeed',
    })
  })

  test('names the sources that the decision did without', () => {
    const onset = onsetOf({ startsAt: start, facts: { incomplete: 'b.log' } })
    const alert = composeAlert({ name: 'r', summary: 'errors' }, onset, 'firing', null, null)
    expect(alert.summary).toBe('errors (incomplete: b.log)')
  })

  test('takes its numbers before facts and labels of the same name', () => {
    const onset = onsetOf({ startsAt: start, labels: { value: 'label' }, facts: { value: 'fact' } })
    const alert = composeAlert({ name: 'r', summary: '{value}' }, onset, 'firing', null, null)
    expect(alert.summary).toBe('20')
  })

  test('leaves a number that is not known as it stands in the template', () => {
    const onset = onsetOf({ startsAt: start, value: null, threshold: null })
    const rule = { name: 'r', summary: '{value} over {threshold}' }
    expect(composeAlert(rule, onset, 'firing', null, null).summary).toBe('{value} over {threshold}')
  })
})

describe('a summary template', () => {
  test.each([
    ['{a} and {b}', '1 and 2'],
    ['{a}{a}', '11'],
    ['{unknown} stays', '{unknown} stays'],
    ['no braces', 'no braces'],
    ['{ a } {a', '{ a } {a'],
    ['{constructor} {__proto__}', '{constructor} {__proto__}'],
  ])('%s → %s', (template, filled) => {
    const facts = new Map([
      ['a', '1'],
      ['b', '2'],
    ])
    expect(fillTemplate(template, facts)).toBe(filled)
  })

  test('is not expanded twice: a log line may hold braces and dollars', () => {
    const facts = new Map([
      ['template', 'no such key {value} $& $1'],
      ['value', '20'],
    ])
    expect(fillTemplate('new: {template}', facts)).toBe('new: no such key {value} $& $1')
  })
})
