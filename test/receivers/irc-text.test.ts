import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Verdict, VerdictItem } from '../../src/model/verdict.ts'
import {
  deployLine,
  nickCandidates,
  pageLines,
  sinceLines,
  wrapped,
} from '../../src/receivers/irc-text.ts'
import { badPush, firing, firingPage, fix } from './samples.ts'

describe('a page', () => {
  test('is its first line, the sample and the link', () => {
    expect(pageLines(firingPage)).toEqual([
      'FIRING web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice',
      '  127.0.0.1 - - [01/Mar/2026:12:00:05 +0000] "GET /cart HTTP/1.1" 500 12',
      '  http://127.0.0.1:7077/?to=2026-03-01T12:01:00Z',
    ])
  })

  test('S20: is never more than a few lines of bounded length without control characters', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('a\r\nQUIT :x', '\x01VERSION\x01', '\x0304red', '日'.repeat(900), 'x '.repeat(900)), // prettier-ignore
    )
    fc.assert(
      fc.property(text, text, text, (summary, sample, service) => {
        const alert = { ...firing, summary, samples: [sample], labels: { service } }
        const page = { ...firingPage, alerts: [alert, alert, alert], url: `http://a/${sample}` }
        const lines = pageLines(page)
        expect(lines.length).toBeLessThanOrEqual(6)
        for (const line of lines) {
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(350)
          expect(line).toMatch(/^[^\x00-\x1f\x7f]+$/)
        }
      }),
    )
  })
})

describe('wrapping', () => {
  test('breaks at a space and cuts the last line', () => {
    const words = 'word '.repeat(200).trim()
    const lines = wrapped(words, 2)
    expect(lines[0]).toBe('word '.repeat(70).trim())
    expect(lines[1]).toMatch(/^word .*word wo…$/)
    expect(lines).toHaveLength(2)
  })

  test('breaks what has no space at a whole character', () => {
    expect(wrapped('日'.repeat(200), 2)).toEqual(['日'.repeat(116), '日'.repeat(84)])
  })
})

test.each([
  [badPush, 'push 3f2a9c1b7e by alice to web (production), after 1111111111'],
  [{ ...badPush, previous: null, service: null }, 'push 3f2a9c1b7e by alice to all services (production)'], // prettier-ignore
  [{ ...fix, kind: 'rollback', status: 'failed', previous: null, by: 'x\r\nQUIT' } as const, 'rollback 77ab34cd90 by x\\r\\nQUIT to web (production): it failed'], // prettier-ignore
])('a deploy is one line', (deploy, expected) => {
  expect(deployLine(deploy)).toBe(expected)
})

describe('the answer to !since', () => {
  const item: VerdictItem = {
    kind: 'signature',
    id: 's1',
    template: 'PHP Fatal: <*>',
    class: 'new',
    reason: null,
    before: { count: 0, exposure: 100, seconds: 100 },
    after: { count: 12, exposure: 100, seconds: 100 },
    ratio: null,
    interval: null,
    evidence: 30,
    firstSeen: null,
    sample: null,
  }
  const verdict: Verdict = {
    deploy: badPush,
    state: 'early',
    sources: [{ name: 'nginx', state: 'blind', lagSeconds: null }],
    items: [
      { ...item, class: 'fixed', template: null, kind: 'status', id: '404' },
      { ...item, class: 'same' },
      { ...item, class: 'worse', template: 'a\nb' },
      item,
      { ...item, template: 'second' },
      { ...item, class: 'undecided' },
    ],
  }
  const nowMs = Date.UTC(2026, 2, 1, 12, 12)

  test('is the push, the counts and the three worst items', () => {
    expect(sinceLines(verdict, nowMs)).toEqual([
      'since push 3f2a9c1b7e by alice (web, 12 min ago): 2 new, 1 worse, 1 fixed, 1 undecided, 1 sources blind; it is early',
      '  new: PHP Fatal: <*> (0 before, 12 after)',
      '  new: second (0 before, 12 after)',
      '  worse: a\\nb (0 before, 12 after)',
    ])
  })

  test('says when there is nothing to tell of', () => {
    expect(sinceLines({ ...verdict, deploy: null }, nowMs)).toEqual(['no push is known'])
    expect(sinceLines({ ...verdict, items: [], sources: [], state: 'final' }, nowMs + 86_400_000)).toEqual([
      'since push 3f2a9c1b7e by alice (web, 24 h ago): 0 new, 0 worse, 0 fixed, 0 undecided',
    ]) // prettier-ignore
  })
})

test('a taken nick has ten others, none longer than one more character', () => {
  expect(nickCandidates('lastpush')).toEqual([
    'lastpush_',
    'lastpus1',
    'lastpus2',
    'lastpus3',
    'lastpus4',
    'lastpus5',
    'lastpus6',
    'lastpus7',
    'lastpus8',
    'lastpus9',
  ])
})
