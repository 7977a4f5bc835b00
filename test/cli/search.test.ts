/** `search` through the built program: from a running daemon, from what it has left behind, and with
 *  an Elasticsearch that is not there. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Alert } from '../../src/model/alert.ts'
import type { Events, Status } from '../../src/server/view.ts'
import { lastpush, root } from './lastpush.ts'

let dir = ''
const running: ChildProcess[] = []

/** Ten minutes of an error log, a line each second, then a burst; a push at 12:05:00. */
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'lastpush-search-'))
  const time = (second: number) =>
    new Date(Date.UTC(2026, 0, 5, 12) + second * 1_000).toISOString().slice(11, 19)
  const lines = Array.from(
    { length: 600 },
    (_, n) => `[05-Jan-2026 ${time(n)} UTC] PHP Fatal error:  Call ${n} of total() in /srv/Cart.php on line ${n % 7}`, // prettier-ignore
  )
  const burst = Array.from(
    { length: 200 },
    (_, n) => `[05-Jan-2026 ${time(600 + Math.floor(n / 20))} UTC] PHP Fatal error:  No memory for a mail in /srv/Mail.php on line 80`, // prettier-ignore
  )
  writeFileSync(join(dir, 'php.log'), `${[...lines, ...burst].join('\n')}\n`)
  const push = '2026-01-05 12:05:10|PROD|alice|web production deploy: old 8fe1c02a91, new: 3b77d0c5ae|web|1767614700-alice-web_production.html' // prettier-ignore
  writeFileSync(join(dir, 'deploys.log'), `${push}\n`)
})

afterAll(async () => {
  for (const child of running) {
    if (child.exitCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  rmSync(dir, { recursive: true, force: true })
})

interface Running {
  readonly data: string
  readonly config: string
  get(path: string): Promise<unknown>
  stop(): Promise<void>
}

async function start(name: string, store: string): Promise<Running> {
  const data = join(dir, name)
  const config = join(dir, `${name}.yaml`)
  writeFileSync(
    config,
    `lateness: 1s\nsources: [{ file: { paths: [php.log], from: beginning }, parser: php_error }]\n` +
      `http: { port: 0 }\nstore: ${store}\n`,
  )
  const args = ['run', '-c', config, '--data', data, '--deploys', join(dir, 'deploys.log')]
  const child = spawn(process.execPath, [join(root, 'dist/main.js'), ...args], { stdio: 'ignore' })
  running.push(child)
  const origin = async (): Promise<string> => {
    for (;;) {
      if (child.exitCode !== null) throw new Error('the daemon ended')
      try {
        const text = readFileSync(join(data, 'daemon.json'), 'utf8')
        return (JSON.parse(text) as { origin: string }).origin
      } catch {
        await delay(20)
      }
    }
  }
  const get = async (path: string): Promise<unknown> =>
    (await fetch(`${await origin()}/api/v1/${path}`)).json()
  const stop = async () => {
    child.kill('SIGTERM')
    await once(child, 'close')
  }
  return { data, config, get, stop }
}

async function until(daemon: Running, holds: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = (await daemon.get('status')) as Status
    if (holds(status)) return status
    await delay(50)
  }
}

const readAll = ({ sources }: Status) => sources[0]?.events === 800

describe('search', () => {
  it('finds the same by the daemon and in the store at rest', async () => {
    const daemon = await start('plain', '{}')
    await until(daemon, (status) => readAll(status) && status.store.backlog === 0)
    const ask = async (...args: string[]) => {
      const ran = await lastpush(['search', ...args, '-c', daemon.config, '--data', daemon.data])
      expect(ran.status, ran.err).toBe(0)
      return ran.out
    }
    const questions = [
      ['"call 42"', '--json'],
      ['line:3', '--since', '2026-01-05T12:09:00Z', '--json'],
      ['total', '--deploy', '3b77d0c5ae', '--until', '2026-01-05T12:05:30Z', '--json'],
      ['total AND NOT "call 5"', '--until', '2026-01-05T12:10:00Z', '--limit', '3'],
    ]
    const live: string[] = []
    for (const question of questions) live.push(await ask(...question))
    await daemon.stop()
    for (const [n, question] of questions.entries()) expect(await ask(...question)).toBe(live[n])
    const [one, some, since] = live.slice(0, 3).map((text) => JSON.parse(text) as Events)
    expect(one?.events.map(({ text }) => text)).toEqual([
      '[05-Jan-2026 12:00:42 UTC] PHP Fatal error:  Call 42 of total() in /srv/Cart.php on line 0',
    ])
    expect(one).toMatchObject({ total: 1, next: null, events: [{ sha: null, level: 'crit' }] })
    expect(some?.events.every(({ fields }) => fields['line'] === 3)).toBe(true)
    expect(some?.total).toBe(9)
    expect(since?.total).toBe(30)
    expect(new Set(since?.events.map(({ sha }) => sha))).toEqual(new Set(['3b77d0c5ae']))
    expect(live[3]?.split('\n')).toEqual([
      expect.stringMatching(/^2026-01-05T12:09:57\.000Z {2}crit {2}3b77d0c5ae {2}\[05-Jan-2026 /),
      expect.stringContaining('Call 598 of'),
      expect.stringContaining('Call 599 of'),
      '3 events of 599; older ones match too (--limit, --until)',
      '',
    ])
  })

  it('says in one line what is wrong with a question', async () => {
    const asked = (...args: string[]) => lastpush(['search', ...args, '--data', join(dir, 'plain')])
    for (const [args, said] of [
      [['status:['], 'QUERY_INVALID'],
      [['x', '--limit', '0'], 'limit must be from 1 to 1000 [USAGE]'],
      [['x', '--since', 'yesterday'], '--since takes a time such as 2h'],
      [['x', '--deploy', 'nosuch1'], 'DEPLOY_UNKNOWN'],
    ] as const) {
      const ran = await asked(...args)
      expect([ran.status, ran.out], ran.err).toEqual([2, ''])
      expect(ran.err).toContain(said)
    }
  })

  it('with Elasticsearch away counts, alerts and keeps what there is to index', async () => {
    const daemon = await start('away', '{ elasticsearch: { node: "http://127.0.0.1:1" } }')
    const fired = (now: Status) => now.alerts.firing > 0
    const status = await until(daemon, (now) => readAll(now) && now.index.fault !== null && fired(now)) // prettier-ignore
    expect(status.index).toEqual({
      kind: 'elasticsearch',
      fault: expect.stringContaining('http://127.0.0.1:1') as string,
    })
    expect(status.store.backlog).toBeGreaterThan(500)
    const alerts = (await daemon.get('alerts')) as Alert[]
    expect(alerts.map(({ rule }) => rule)).toContain('error-burst')
    const ran = await lastpush(['search', 'x', '--data', daemon.data])
    expect(ran.status, ran.err).toBe(4)
    expect(ran.err).toContain('INDEX_AWAY')
    await daemon.stop()
  })
})
