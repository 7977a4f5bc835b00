import { describe, expect, test } from 'vitest'
import { parseDeployinator } from '../../src/deploys/deployinator.ts'
import type { Deploy } from '../../src/model/deploy.ts'

const line =
  '2026-11-23 14:02:11|PROD|alice|web production deploy: old 8fe1c02a91, new: 3b77d0c5ae|web|1795442340-alice-web_production.html'

function deploy(text: string): Deploy {
  const read = parseDeployinator(text)
  if (read === null || typeof read === 'string') throw new Error(`no deploy: ${read}`)
  return read
}

describe('parseDeployinator', () => {
  test('reads the roll-out from the run log to the time of writing, in UTC', () => {
    expect(deploy(line)).toEqual({
      id: deploy(line).id,
      sha: '3b77d0c5ae',
      previous: '8fe1c02a91',
      env: 'production',
      service: 'web',
      by: 'alice',
      url: null,
      start: '2026-11-23T13:59:00.000Z',
      end: '2026-11-23T14:02:11.000Z',
      kind: 'push',
      status: 'done',
    })
  })

  test.each([
    ['without a run log', line.replace(/\|1795442340.*/, '')],
    ['with an empty run log', line.replace(/1795442340.*/, '')],
    ['with a run log that has no number', line.replace('1795442340', 'run')],
    ['with a start after the end', line.replace('1795442340', '1795449999')],
    ['with a start that is no time', line.replace('1795442340', '9'.repeat(400))],
  ])('starts at the time of writing %s', (_, text) => {
    expect(deploy(text).start).toBe('2026-11-23T14:02:11.000Z')
  })

  test.each([
    ['PROD', 'production'],
    ['Princess', 'princess'],
    ['QA', 'qa'],
    ['', 'production'],
  ])('takes environment %j as %j', (env, expected) => {
    expect(deploy(line.replace('PROD', env)).env).toBe(expected)
  })

  test('knows nobody as nobody', () => {
    expect(deploy(line.replace('|alice|', '|nobody|')).by).toBe(null)
  })

  test('decodes quotes in names', () => {
    expect(deploy(line.replace('|alice|', '|pat o&apos;neil &quot;po&quot;|')).by).toBe(
      `pat o'neil "po"`,
    )
  })

  test.each([
    ['colons on both sides', 'web deploy: old: 8fe1c02a91, new: 3b77d0c5ae'],
    ['colons on no side', 'old 8fe1c02a91 new 3b77d0c5ae'],
    ['nothing between', 'old8fe1c02a91 new3b77d0c5ae'],
    ['the new one first', 'new: 3b77d0c5ae (old 8fe1c02a91)'],
    ['upper-case hex', 'web deploy: old 8FE1C02A91, new: 3B77D0C5AE'],
    [
      'a stack whose name holds both words',
      'goldnews production deploy: old 8fe1c02a91, new: 3b77d0c5ae',
    ],
  ])('finds the SHAs with %s', (_, message) => {
    const text = line.replace(/web production deploy[^|]*/, message)
    expect([deploy(text).previous, deploy(text).sha]).toEqual(['8fe1c02a91', '3b77d0c5ae'])
  })

  test('takes build ids that are not hex', () => {
    expect(deploy(line.replace('3b77d0c5ae', 'zzTopBuild')).sha).toBe('zzTopBuild')
  })

  test('keeps a deploy whose old SHA is no SHA', () => {
    expect(deploy(line.replace('8fe1c02a91', 'x')).previous).toBe(null)
  })

  test('counts a push that is logged for every stack as one of the environment', () => {
    expect(deploy(line.replace('|web|', '|LOG MESSAGE|')).service).toBe(null)
  })

  test.each([
    ['', 'an empty line'],
    ['2026-11-23 14:02:11|PROD|alice|pushed the button|web|', 'free text'],
    [
      '2026-11-23 14:02:11|PROD|alice|old server replaced by new server|web|',
      'free text about old and new',
    ],
    ['2026-11-23 14:02:11|PROD|alice|new: 3b77d0c5ae|web|', 'one SHA alone'],
    ['2026-11-23 14:02:11|PROD|alice|deploy: old 8fe1c02a91, new: abc|web|', 'a new SHA too short'],
  ])('makes no deploy of %j: %s', (text) => {
    expect(parseDeployinator(text)).toBe(null)
  })

  test.each([
    ['garbage', 'has 1 of at least 5 fields'],
    ['2026-11-23 14:02:11|PROD|alice|old a, new b', 'has 4 of at least 5 fields'],
    ['yesterday|PROD|alice|old 8fe1c02a91, new: 3b77d0c5ae|web|', 'does not begin with a time'],
    [
      '2026-13-41 14:02:11|PROD|alice|old 8fe1c02a91, new: 3b77d0c5ae|web|',
      'does not begin with a time',
    ],
    ['x'.repeat(70_000), 'longer than 65536 characters'],
  ])('says what is wrong with %.40s', (text, fault) => {
    expect(parseDeployinator(text)).toContain(fault)
  })
})
