import { describe, expect, test } from 'vitest'
import { cut, headline, linkOf, otherAlerts, webAddress } from '../../src/receivers/headline.ts'
import { badPush, firing, firingPage, fix, resolved, resolvedPage, since } from './samples.ts'

describe('the first line', () => {
  test('says service, what, how much, since which push and by whom', () => {
    expect(headline(firingPage)).toBe(
      'FIRING web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice',
    )
  })

  test('names the push that fixed it', () => {
    expect(headline(resolvedPage)).toMatch(/^RESOLVED web: .*, fixed by push 77ab34cd90 by bob$/)
  })

  test('blames no push that only another alert of the page is attributed to', () => {
    const unknown = { ...firing, deploy: null, sha: null }
    expect(headline({ ...firingPage, alerts: [unknown, firing] })).toBe(
      'FIRING web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20) and 1 more, since an unknown push',
    )
  })

  test('thanks no fix that only another alert of the page had', () => {
    const unknown = { ...resolved, fixedBy: null }
    expect(headline({ ...resolvedPage, alerts: [unknown, resolved] })).toMatch(
      / and 1 more, since push 3f2a9c1b7e by alice$/,
    )
  })

  test('stays one line of bounded length whatever names it is given', () => {
    const name = `x\r\n${'y'.repeat(10_000)}`
    const alert = { ...firing, labels: { service: name }, summary: name }
    const line = headline(since({ ...firingPage, alerts: [alert] }, { by: name }))
    expect(line).not.toMatch(/[\r\n]/)
    expect(line.length).toBeLessThan(900)
  })
})

describe('the other alerts', () => {
  const other = { ...firing, labels: { service: 'api' }, summary: 'timeouts' }

  test('are a line each, and the last line counts the rest', () => {
    const ended = { ...other, state: 'resolved' as const, labels: {} }
    const page = { ...firingPage, alerts: [firing, other, ended, other, other] }
    expect(otherAlerts(page, 2, 100)).toEqual([
      'api: timeouts',
      'timeouts (resolved)',
      'and 2 more',
    ])
  })

  test('name their own push and fix where these are others than those of the first', () => {
    const carol = { ...badPush, id: 'd9', sha: 'abcdef0123', by: 'carol' }
    const theirs = { ...other, deploy: 'd9', sha: 'abcdef0123' }
    const over = { ...other, state: 'resolved' as const, fixedBy: fix.sha }
    const unknown = { ...other, deploy: null, sha: null }
    const page = {
      ...firingPage,
      alerts: [firing, theirs, unknown, over],
      deploys: new Map([...firingPage.deploys, ['d9', carol]]),
      fixes: new Map([[fix.sha, fix]]),
    }
    expect(otherAlerts(page, 3, 100)).toEqual([
      'api: timeouts, since push abcdef0123 by carol',
      'api: timeouts, since an unknown push',
      'api: timeouts (resolved, fixed by push 77ab34cd90 by bob)',
    ])
  })

  test('do not name again the fix that the first line of a resolution names', () => {
    const over = { ...resolved, labels: { service: 'api' }, summary: 'timeouts' }
    expect(otherAlerts({ ...resolvedPage, alerts: [resolved, over] }, 3, 100)).toEqual([
      'api: timeouts (resolved)',
    ])
  })

  test('are counted by the first line and the last one also where the page has no room for them', () => {
    const page = { ...firingPage, alerts: [firing, other], more: 1_234 }
    expect(headline(page)).toMatch(/ and 1235 more, since push 3f2a9c1b7e by alice$/)
    expect(otherAlerts(page, 2, 100)).toEqual(['api: timeouts', 'and 1234 more'])
  })

  test('are none on a page about one', () => {
    expect(otherAlerts(firingPage, 2, 100)).toEqual([])
  })
})

describe('a link', () => {
  test.each([
    ['https://a.example/x?y=1&z', 'https://a.example/x?y=1&z'],
    ['http://a/"><b>|x\'`', 'http://a/%22%3E%3Cb%3E%7cx%27%60'],
    ['javascript:alert(1)', null],
    ['file:///etc/passwd', null],
    ['no address', null],
    ['', null],
    [`http://a/${'x'.repeat(1_991)}`, `http://a/${'x'.repeat(1_991)}`],
    [`http://a/${'x'.repeat(1_992)}`, null],
  ])('of %s is %s', (text, expected) => {
    expect(webAddress(text)).toBe(expected)
    expect(linkOf({ ...firingPage, url: text })).toBe(expected)
  })
})

test('a cut halves neither an escape nor a character', () => {
  expect(cut('abc😀def', 5)).toBe('abc…')
  expect(cut('abc😀def', 6)).toBe('abc😀…')
  expect(cut('ab\ncdef', 4)).toBe('ab\\n…')
})
