/** Bad input, as users meet it: each gets a clear message with its place and what to do, the right
 *  status, and where the daemon can go on, it does. */
import Database from 'better-sqlite3'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Daemon, until } from '../faults/daemon.ts'
import { lastpush } from './lastpush.ts'

const good = (n: number): string =>
  `10.0.0.${n % 250} - - [05/Jan/2026:12:00:00 +0000] "GET /${n} HTTP/1.1" 200 5 "-" "curl/8"\n`

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lastpush-bad-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function file(name: string, content: string | Buffer): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

async function summary(args: readonly string[]) {
  const ran = await lastpush(['run', ...args, '--once', '--json', '--rules', 'none'])
  return {
    ...ran,
    json: JSON.parse(ran.out) as { lines: number; events: number; unparsed: number },
  }
}

describe('log files', () => {
  it('that cannot be read are named, and the others are read', async () => {
    const log = file('good.log', good(1))
    const ran = await summary([log, join(log, 'below-a-file.log'), join(dir, 'none-*.log'), dir])
    expect(ran.json).toMatchObject({ lines: 1, events: 1 })
    expect(ran.err).toContain('below-a-file.log: ')
    expect(ran.err).toContain('none-*.log: ')
    expect(ran.err).toMatch(new RegExp(`^${dir}: .*directory`, 'm'))
    expect(ran.status).toBe(3)
  })

  it('with bytes that are no text lose no good line', async () => {
    const noise = Buffer.from([0, 255, 254, 0xc3, 0x28, 10])
    const log = file(
      'noise.log',
      Buffer.concat([Buffer.from(good(1)), noise, Buffer.from(good(2))]),
    )
    const ran = await summary([log, '--parser', 'apache_combined'])
    expect(ran.json).toMatchObject({ lines: 3, events: 2, unparsed: 1 })
    expect(ran.status).toBe(0)
  })

  it('with a line of 64 MiB count it once and go on behind it', async () => {
    const long = Buffer.alloc(64 * 1_024 * 1_024, 'a')
    const log = file(
      'long.log',
      Buffer.concat([Buffer.from(good(1)), long, Buffer.from(`\n${good(2)}`)]),
    )
    const ran = await summary([log, '--parser', 'apache_combined'])
    expect(ran.json).toMatchObject({ lines: 3, events: 2, unparsed: 1 })
  })

  it('show an unparsable line in status, with why and where', async () => {
    const log = file('a.log', good(1))
    const daemon = new Daemon({ dataDir: join(dir, 'data'), args: [log, '--port', '0'] })
    await daemon.sources('the good line', ([source]) => source?.events === 1)
    writeFileSync(log, '10.0.0.1 - - [05/Jan/2026:12:00:00 +0000] "GET / HTTP\n', { flag: 'a' })
    const [source] = await daemon.sources('the bad line', ([each]) => each?.unparsed === 1)
    expect(source?.unparsedSamples).toEqual([
      {
        line: '10.0.0.1 - - [05/Jan/2026:12:00:00 +0000] "GET / HTTP',
        reason: expect.stringContaining('does not match apache_combined') as string,
        column: expect.any(Number) as number,
      },
    ])
  })
})

describe('configuration', () => {
  const faults: readonly (readonly [string, string, string])[] = [
    ['broken YAML', 'sources: [ { file: a.log }\n', 'lastpush.yaml:2:1'],
    [
      'a misspelt key',
      'sourcs: []\n',
      'lastpush.yaml:1:1: sourcs: is not known here; did you mean sources?',
    ],
    [
      'a bad duration',
      'lateness: 5 minuets\n',
      'lastpush.yaml:1:11: lateness: expected a duration such as "5m"',
    ],
    ['a bad query', 'store: { query: "level:(error OR" }\n', 'lastpush.yaml:1:'],
    ['an unknown receiver', 'route: { receiver: nobody }\n', 'no receiver is named "nobody"'],
    ['a source of no kind', 'sources: [ { service: web } ]\n', 'needs exactly one of file, stdin'],
  ]
  it.each(faults)('with %s points at the place', async (_, text, message) => {
    const ran = await lastpush(['check', '-c', file('lastpush.yaml', text)])
    expect(ran.err).toContain(message)
    expect(ran.status).toBe(2)
  })

  it('with a label in a route that no rule gives is warned of, and taken', async () => {
    const text = "route:\n  routes:\n    - { match: 'service:web AND sevrity:page' }\n"
    const ran = await lastpush(['check', '-c', file('lastpush.yaml', text)])
    expect(ran.out).toMatch(/^ok: /)
    expect(ran.err).toMatch(
      /^warning: .*lastpush\.yaml:3:16: route\.routes\[0\]\.match: no rule gives alerts the label sevrity; did you mean severity\?\n/,
    )
    expect(ran.status).toBe(0)
  })

  const rules: readonly (readonly [string, string, string])[] = [
    [
      'an unknown type',
      'name: a\ntype: frequenzy\n',
      'rule.yaml:2:7: type: unknown rule type "frequenzy"',
    ],
    [
      'an unknown field',
      'name: a\ntype: frequency\nquery: x\nnum_event: 3\ntimeframe: 1m\n',
      'did you mean num_events?',
    ],
    [
      'no limit',
      'name: a\ntype: percentage_match\nmatch_bucket_filter: status:500\n',
      'needs max_percentage or min_percentage',
    ],
  ]
  it.each(rules)('of a rule with %s is refused', async (_, text, message) => {
    const ran = await lastpush(['check', file('rule.yaml', text)])
    expect(ran.err).toContain(message)
    expect(ran.status).toBe(2)
  })

  const patterns: readonly (readonly [string, string, string])[] = [
    ['a pattern that RE2 refuses', '(?<message>(?<=a)b)', 'patterns[0]'],
    ['a back reference', '(?<message>(?:a)\\\\1)', 'patterns[0]'],
  ]
  it.each(patterns)('of a parser with %s is refused', async (_, pattern, message) => {
    const parser = `name: mine\ndoc: mine\npatterns: ["${pattern}"]\n`
    file('mine.yaml', parser)
    const ran = await lastpush(['check', '-c', file('lastpush.yaml', 'parsers: mine.yaml\n')])
    expect(ran.err).toContain(message)
    expect(ran.err).toContain('mine.yaml:3:')
    expect(ran.status).toBe(2)
  })

  it('of a parser whose group no rule can use is refused', async () => {
    file('mine.yaml', 'name: mine\ndoc: mine\npatterns: ["(a)(?<message>.*)"]\n')
    const ran = await lastpush(['check', '-c', file('lastpush.yaml', 'parsers: mine.yaml\n')])
    expect(ran.err).toContain('mine.yaml:3:')
    expect(ran.status).toBe(2)
  })
})

describe('the place to run', () => {
  it('whose port is taken is named, with what to do', async () => {
    const holder = createServer()
    await new Promise<void>((resolve) => void holder.listen(0, '127.0.0.1', resolve))
    const address = holder.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    const ran = await lastpush([
      'run',
      file('a.log', good(1)),
      '--data',
      join(dir, 'd'),
      '--port',
      port,
    ])
    holder.close()
    expect(ran.err).toContain(`port ${port} on 127.0.0.1 is taken`)
    expect(ran.status).toBe(5)
  })

  it('other than loopback is refused', async () => {
    const ran = await lastpush([
      'run',
      file('a.log', good(1)),
      '--data',
      join(dir, 'd'),
      '--host',
      '0.0.0.0',
    ])
    expect(ran.err).toContain('[BIND_REFUSED]')
    expect(ran.status).toBe(2)
  })

  it('that a newer version has written is left alone', async () => {
    const data = join(dir, 'data')
    mkdirSync(data, { mode: 0o700 })
    const store = new Database(join(data, 'state.db'))
    store.pragma('user_version = 999')
    store.close()
    const ran = await lastpush(['run', file('a.log', good(1)), '--data', data, '--port', '0'])
    expect(ran.err).toContain('[STORE_NEWER]')
    expect(ran.status).toBe(4)
  })

  it('that another instance holds is named, and the first goes on', async () => {
    const data = join(dir, 'data')
    const log = file('a.log', good(1))
    const first = await new Daemon({ dataDir: data, args: [log, '--port', '0'] }).ready()
    const ran = await lastpush(['run', log, '--data', data, '--port', '0'])
    expect(ran.err).toContain(data)
    expect(ran.err).toContain('[STORE_LOCKED]')
    expect(ran.status).toBe(4)
    await until('the first to answer', async () => (await first.status()).sources[0]?.lines === 1)
  })
})
