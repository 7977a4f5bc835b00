/** The machine interfaces that scripts and other tools rely on, each through the built program. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastpush, root } from './lastpush.ts'

let dir = ''
let access = ''
let errors = ''
let deploys = ''

/** 41 minutes of an access log, in which requests fail from minute 30 on, and its error log. */
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'lastpush-machine-'))
  access = join(dir, 'access.log')
  errors = join(dir, 'php_error.log')
  deploys = join(dir, 'deploys.log')
  const clf = (second: number): string =>
    `05/Jan/2026:${new Date(Date.UTC(2026, 0, 5, 12) + second * 1_000).toISOString().slice(11, 19)} +0000`
  const php = (second: number): string =>
    `05-Jan-2026 ${new Date(Date.UTC(2026, 0, 5, 12) + second * 1_000).toISOString().slice(11, 19)} UTC`
  const accessLines: string[] = []
  const errorLines: string[] = []
  for (let second = 0; second < 2_460; second++) {
    const broken = second >= 1_805 && second < 2_100
    const status = broken || second % 300 === 7 ? 500 : 200
    accessLines.push(
      `10.0.0.1 - - [${clf(second)}] "GET /a?b=c HTTP/1.1" ${status} 12 "-" "curl/8"`,
    )
    if (!broken) continue
    errorLines.push(
      `[${php(second)}] PHP Fatal error:  Uncaught Error: boom ${second} in /srv/a.php:3`,
      'Stack trace:',
      '#0 {main}',
      '  thrown in /srv/a.php on line 3',
    )
  }
  accessLines.push('not an access line')
  // Noise from the first minute on, so that the error log's scope has learnt what is usual.
  errorLines.unshift(`[${php(0)}] PHP Warning:  old news in /srv/b.php on line 1`)
  writeFileSync(access, accessLines.join('\n'))
  writeFileSync(errors, `${errorLines.join('\n')}\n`)
  writeFileSync(
    deploys,
    [
      '2026-01-05 12:10:00|PROD|alice|web production deploy: old 8fe1c02a91, new: 1111111aaa|web|1767614390-alice-web_production.html',
      '2026-01-05 12:30:10|PROD|bob|web production deploy: old 1111111aaa, new: 3b77d0c5ae|web|1767616200-bob-web_production.html',
      '2026-01-05 12:35:00|PROD|carol|web production deploy: old 3b77d0c5ae, new: 91c02fe77b|web|1767616498-carol-web_production.html',
    ].join('\n'),
  )
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function json<T>(text: string): T {
  return JSON.parse(text) as T
}

describe('run --once --json', () => {
  it('prints one object with the promised names and exact counts', async () => {
    const ran = await lastpush([
      'run', access, errors, '--once', '--json', '--deploys', deploys, '--service', 'web', '--zone', 'UTC',
    ]) // prettier-ignore
    expect(ran.status, ran.err).toBe(0)
    const summary = json<Record<string, unknown>>(ran.out)
    expect(Object.keys(summary)).toEqual([
      'lines', 'events', 'continued', 'unparsed', 'late', 'sources', 'status', 'level', 'signatures',
      'alerts', 'deploys',
    ]) // prettier-ignore
    expect(summary).toMatchObject({
      lines: 2_461 + 1 + 295 * 4,
      events: 2_460 + 1 + 295,
      continued: 295 * 3,
      unparsed: 1,
      late: 0,
      status: { 200: 2_460 - 295 - 8, 500: 295 + 8 },
      level: { crit: 295, warn: 1 },
      sources: [
        { path: access, parser: 'apache_combined', lines: 2_461, events: 2_460, unparsed: 1 },
        { path: errors, parser: 'php_error', lines: 1_181, events: 296, unparsed: 0 },
      ],
    })
    expect(ran.err).toContain(`${access}: format apache_combined`)
  })

  it('gives alerts with the SHA of the push and of its fix', async () => {
    const ran = await lastpush([
      'run', access, errors, '--once', '--json', '--deploys', deploys, '--service', 'web', '--zone', 'UTC',
    ]) // prettier-ignore
    const { alerts, deploys: known } = json<{
      alerts: Record<string, unknown>[]
      deploys: Record<string, unknown>[]
    }>(ran.out)
    expect(alerts.map(({ rule, sha, fixedBy, state }) => ({ rule, sha, fixedBy, state }))).toEqual(
      expect.arrayContaining([
        { rule: 'new-error', sha: '3b77d0c5ae', fixedBy: '91c02fe77b', state: 'resolved' },
        {
          rule: 'regression-after-push',
          sha: '3b77d0c5ae',
          fixedBy: '91c02fe77b',
          state: 'resolved',
        },
      ]),
    )
    for (const alert of alerts) {
      expect(Object.keys(alert)).toEqual([
        'rule', 'labels', 'state', 'acknowledged', 'muted', 'nodata', 'startsAt', 'endsAt', 'sha',
        'deploy', 'fixedBy', 'suspects', 'value', 'threshold', 'summary', 'samples', 'fingerprint',
      ]) // prettier-ignore
      expect(alert['startsAt']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    }
    expect(alerts.map(({ startsAt }) => startsAt)).toEqual(
      alerts.map(({ startsAt }) => startsAt as string).sort(),
    )
    expect(known[1]).toEqual({
      id: expect.any(String) as string,
      sha: '3b77d0c5ae',
      previous: '1111111aaa',
      env: 'production',
      service: 'web',
      by: 'bob',
      url: null,
      start: '2026-01-05T12:30:00.000Z',
      end: '2026-01-05T12:30:10.000Z',
      kind: 'push',
      status: 'done',
    })
  })

  it('gives the same alerts in one file order as in the other, and with NDJSON deploys', async () => {
    const ndjson = join(dir, 'deploys.ndjson')
    const args = ['--once', '--json', '--service', 'web', '--zone', 'UTC']
    const first = await lastpush(['run', access, errors, ...args, '--deploys', deploys])
    const { alerts, deploys: known } = json<{ alerts: unknown; deploys: object[] }>(first.out)
    writeFileSync(ndjson, known.map((deploy) => `${JSON.stringify(deploy)}\n`).join(''))
    const second = await lastpush(['run', errors, access, ...args, '--deploys', ndjson])
    expect(json<{ alerts: unknown }>(second.out).alerts).toEqual(alerts)
  })

  it('runs no rules with --rules none', async () => {
    const ran = await lastpush(['run', access, '--once', '--json', '--rules', 'none'])
    expect(json<{ alerts: unknown[] }>(ran.out).alerts).toEqual([])
  })
})

describe('parse --json', () => {
  it('answers every line in order', async () => {
    const input = [
      '[05-Jan-2026 12:00:00 Europe/Berlin] PHP Fatal error:  Uncaught Error: boom in /srv/a.php:3',
      'Stack trace:',
      '#0 {main}',
      '',
    ].join('\n')
    const ran = await lastpush(['parse', '--parser', 'php_error', '--json'], { input })
    const answers = ran.out
      .trimEnd()
      .split('\n')
      .map((line) => json<Record<string, unknown>>(line))
    expect(answers).toHaveLength(3)
    expect(answers[0]).toMatchObject({
      parser: 'php_error',
      time: '2026-01-05T11:00:00.000Z',
      fields: { level: 'crit', file: '/srv/a.php', line: 3 },
      stack: 'Stack trace:\n#0 {main}',
    })
    expect(answers[0]?.['signature']).toMatch(/^[0-9a-f]{12}$/)
    expect(answers[0]?.['group']).toBe(answers[0]?.['signature'])
    expect(answers.slice(1)).toEqual([{ continues: true }, { continues: true }])
  })

  it('says why and where a line is unparsed, and takes any line as plain', async () => {
    const cut = '1.2.3.4 - - [05/Jan/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl'
    const strict = await lastpush(['parse', '--parser', 'apache_combined', '--json'], {
      input: cut,
    })
    expect(json(strict.out)).toEqual({
      unparsed: expect.stringContaining('apache_combined') as string,
      column: expect.any(Number) as number,
    })
    const plain = await lastpush(['parse', '--parser', 'plain', '--json'], { input: cut })
    expect(json(plain.out)).toMatchObject({ parser: 'plain', time: null, fields: { message: cut } })
  })

  it('reads a zoneless time in the zone it is told', async () => {
    const input = '[Mon Jan 05 12:00:00 2026] [error] boom\n'
    const args = ['parse', '--parser', 'apache_error', '--json', '--zone', 'America/New_York']
    expect(json((await lastpush(args, { input })).out)).toMatchObject({
      time: '2026-01-05T17:00:00.000Z',
    })
  })
})

describe('replay --json', () => {
  it('prints lines and alerts, the same as run --once with that rule', async () => {
    const rule = join(root, 'rules/regression-after-push.yaml')
    const args = ['--deploys', deploys, '--service', 'web', '--zone', 'UTC', '--json']
    const replayed = await lastpush(['replay', rule, access, errors, ...args])
    const ran = await lastpush(['run', access, errors, '--once', '--rules', rule, ...args])
    const answer = json<{ lines: number; alerts: unknown[] }>(replayed.out)
    expect(Object.keys(answer)).toEqual(['lines', 'alerts'])
    expect(answer.lines).toBe(2_461 + 1 + 295 * 4)
    expect(answer.alerts.length).toBeGreaterThan(0)
    expect(answer.alerts).toEqual(json<{ alerts: unknown[] }>(ran.out).alerts)
  })
})

describe('exit statuses', () => {
  it.each([
    ['an unknown option', ['run', '--nonsense'], 2],
    ['an unknown command', ['fly'], 2],
    ['a missing log file', ['run', '/nonexistent/a.log', '--once'], 3],
    ['a store that is not there', ['status', '--data', '/nonexistent/data'], 4],
    ['a deploy without a SHA', ['deploy'], 2],
    ['a deploy with a bad SHA', ['deploy', '--sha', '; rm -rf /'], 2],
    ['no daemon at the address', ['status', '--server', 'http://127.0.0.1:9'], 6],
    ['help', ['--help'], 0],
  ])('of %s', async (_, args, status) => {
    const ran = await lastpush(args)
    expect(ran.status, ran.err).toBe(status)
  })

  it('of shipped rules and parsers whose tests hold is 0', async () => {
    const ran = await lastpush(['test'])
    expect(ran.out).toMatch(/\d+ passed, 0 failed\n$/)
    expect(ran.status).toBe(0)
  })

  it('of a rule whose test does not hold is 1, with what happened instead', async () => {
    const file = join(dir, 'wrong.yaml')
    const text = readFileSync(join(root, 'rules/error-burst.yaml'), 'utf8')
    writeFileSync(file, text.replace('at: 4.95s, state: firing', 'at: 60s, state: firing'))
    const ran = await lastpush(['test', file])
    expect(ran.out).toContain('expected firing at 1m, but there was')
    expect(ran.status).toBe(1)
  })
})
