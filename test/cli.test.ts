/** Commands as they are typed, in this process: what the configuration gives them, and what they
 *  refuse. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { command } from './command.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lastpush-command-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function file(name: string, content: string): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

const fatal = '[05-Jan-2026 12:00:00] PHP Fatal error:  boom\n'
const anyError = `name: any-error
type: frequency
query: level:(crit OR error)
num_events: 1
timeframe: 1m
`

interface Summary {
  readonly lines: number
  readonly sources: readonly { readonly path: string; readonly parser: string | null }[]
  readonly alerts: readonly { readonly startsAt: string; readonly labels: object }[]
}

describe('the zone of the configuration', () => {
  const inTokyo = '2026-01-05T03:00:00.000Z'

  it('holds for the lines of parse, unless --zone says another', async () => {
    const log = file('a.log', fatal)
    const config = file('lastpush.yaml', 'zone: Asia/Tokyo\n')
    const args = ['parse', log, '-c', config, '--parser', 'php_error', '--json']
    expect((await command(args)).out).toContain(`"time":"${inTokyo}"`)
    const other = await command([...args, '--zone', 'UTC'])
    expect(other.out).toContain('"time":"2026-01-05T12:00:00.000Z"')
  })

  it.each([['a file'], ['standard input']])(
    'holds for %s of a pass and of a replay',
    async (what) => {
      const log = what === 'a file' ? file('a.log', fatal) : '-'
      const rule = file('rule.yaml', anyError)
      const config = file('lastpush.yaml', `zone: Asia/Tokyo\nrules: ${rule}\n`)
      const rest = ['-c', config, '--parser', 'php_error', '--json']
      for (const args of [
        ['run', log, '--once', ...rest],
        ['replay', rule, log, ...rest],
      ]) {
        const ran = await command(args, { input: fatal })
        const { alerts } = JSON.parse(ran.out) as Summary
        expect(alerts.map(({ startsAt }) => startsAt)).toEqual([inTokyo])
      }
    },
  )

  it('must be one', async () => {
    const ran = await command(['run', file('a.log', fatal), '--zone', 'Mars', '--data', dir])
    expect(ran.err).toContain('Mars is no time zone such as Europe/Berlin [USAGE]')
    expect(ran.status).toBe(2)
  })
})

describe('a pass over the sources of the configuration', () => {
  it('reads each from its beginning, with its own parser, zone and service', async () => {
    const [one, two] = [
      file('one.log', fatal),
      file('two.log', `{"level":"error","message":"no"}\n`),
    ]
    const config = file(
      'lastpush.yaml',
      `sources:
  - { file: one.log, parser: php_error, zone: Asia/Tokyo, service: shop }
  - { file: { paths: two.log, ignore_older: 0s }, parser: json }
  - { kafka: { brokers: ['127.0.0.1:9092'], topics: [a] }, name: topics }
rules: rule.yaml
`,
    )
    file('rule.yaml', anyError)
    const ran = await command(['run', '--once', '-c', config, '--json'])
    const { lines, sources, alerts } = JSON.parse(ran.out) as Summary
    expect(ran.err).toBe('topics: not read: kafka has no end to read to\n')
    expect(lines).toBe(2)
    expect(sources.map(({ path, parser }) => [path, parser]).sort()).toEqual([
      [one, 'php_error'],
      [two, 'json'],
    ])
    expect(alerts).toContainEqual(
      expect.objectContaining({
        startsAt: '2026-01-05T03:00:00.000Z',
        labels: expect.objectContaining({ service: 'shop' }) as object,
      }),
    )
  })

  it('with nothing to read is refused', async () => {
    const ran = await command(['run', '--once'])
    expect(ran.err).toBe('lastpush: nothing to read: name log files, or a lastpush.yaml with sources (-c) [USAGE]\n') // prettier-ignore
    expect(ran.status).toBe(2)
  })
})

describe('options that do not fit', () => {
  it.each([
    ['--port abc', '--port takes a whole number from 0 to 65535, got "abc"'],
    ['--port 99999', '--port takes a whole number from 0 to 65535, got "99999"'],
    ['--workers abc --once', '--workers takes a whole number from 0 to 16, got "abc"'],
    ['--workers=-3 --once', '--workers takes a whole number from 0 to 16, got "-3"'],
    ['--workers 99 --once', '--workers takes a whole number from 0 to 16, got "99"'],
    ['--json', '--json goes with --once'],
    ['--workers 2', '--workers goes with --once'],
  ])('run %s', async (options, sentence) => {
    const ran = await command(['run', 'a.log', '--data', dir, ...options.split(' ')])
    expect(ran.err).toBe(`lastpush: ${sentence} [USAGE]\n`)
    expect(ran.status).toBe(2)
  })

  it('a level of the log that is none', async () => {
    const env = { LASTPUSH_LOG_LEVEL: 'verbose' }
    const ran = await command(['run', 'a.log', '--data', dir], { env })
    expect(ran.err).toBe('lastpush: LASTPUSH_LOG_LEVEL takes trace, debug, info, warn, error or fatal, got "verbose" [USAGE]\n') // prettier-ignore
    expect(ran.status).toBe(2)
  })
})

describe('test', () => {
  it('of a file that is not there names it', async () => {
    const ran = await command(['test', join(dir, 'none.yaml')])
    expect(ran.err).toContain(`${join(dir, 'none.yaml')}: no file matches`)
    expect(ran.status).toBe(2)
  })

  it('takes globs, and names a rule without tests', async () => {
    file('rule.yaml', anyError)
    file('mine.yaml', "name: mine\ndoc: mine\npatterns: ['(?<message>.*)']\nsamples: [{ line: a, fields: { message: a } }]\n") // prettier-ignore
    const ran = await command(['test', join(dir, '*.yaml')])
    expect(ran.err).toBe('')
    expect(ran.out).toBe('none any-error: no tests\nok   mine: 1 sample\n1 passed, 0 failed\n')
  })
})

describe('check', () => {
  it('tells the faults of configuration and rules together', async () => {
    const config = file('lastpush.yaml', 'zome: UTC\nrules: rule.yaml\n')
    file('rule.yaml', anyError.replace('timeframe: 1m', 'timeframe: 0s'))
    const ran = await command(['check', '-c', config])
    expect(ran.err.split('\n')).toEqual([
      'lastpush: 2 faults [CONFIG_INVALID]',
      `  ${config}:1:1: zome: is not known here; did you mean zone?`,
      `  ${join(dir, 'rule.yaml')}:5:12: timeframe: expected a duration of more than nothing, such as "5m"`,
      '',
    ])
    expect(ran.status).toBe(2)
  })

  it.each([
    ['host: 0.0.0.0', 'http.host: "0.0.0.0" is not a loopback address'],
    ['host: nowhere', 'http.host: "nowhere" is no IP address'],
    ['token_file: none', 'http.token_file: '],
  ])('refuses http: { %s }, with which nothing would start', async (http, fault) => {
    const ran = await command(['check', '-c', file('lastpush.yaml', `http: { ${http} }\n`)])
    expect(ran.err).toContain(fault)
    expect(ran.status).toBe(2)
  })

  it('warns of files of receivers that cannot be read, and counts in words', async () => {
    const text = 'sources: [{ file: a.log }]\nreceivers: { hook: { slack: { url_file: none } } }\n'
    const ran = await command(['check', '-c', file('lastpush.yaml', text)])
    expect(ran.err).toContain('warning: receivers.hook.slack.url_file cannot be read here: ENOENT')
    expect(ran.out).toMatch(/^ok: 1 source, \d+ rules, \d+ parsers, 1 receiver\n/)
    const bare = await command(['check'])
    expect(bare.out).toMatch(/^ok: 0 sources, \d+ rules, \d+ parsers, no receiver \(the console is used\)\n/) // prettier-ignore
  })
})
