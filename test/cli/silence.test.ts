/** `silence` through the built program and a running daemon: an alert that fires under a silence is
 *  told to nobody, is shown as muted, and is told when the silence ends. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Alert } from '../../src/model/alert.ts'
import type { SilenceRow, TakenSilence } from '../../src/server/view.ts'
import { lastpush, root } from './lastpush.ts'

interface Told {
  readonly status: string
  readonly alerts: readonly { readonly annotations: { readonly summary: string } }[]
}

let dir = ''
let hook: Server
const told: Told[] = []
let daemon: ChildProcess

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'lastpush-silence-'))
  hook = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      told.push(JSON.parse(body) as Told)
      response.end()
    })
  }).listen(0, '127.0.0.1')
  await once(hook, 'listening')
  const { port } = hook.address() as AddressInfo
  writeFileSync(join(dir, 'php.log'), '')
  writeFileSync(
    join(dir, 'lastpush.yaml'),
    `lateness: 0s
sources: [{ file: { paths: [php.log], from: beginning }, service: web, parser: php_error }]
rules: [${join(root, 'rules/error-burst.yaml')}]
receivers: { hook: { webhook: { url: 'http://127.0.0.1:${port}/' } } }
route: { group_wait: 0s }
http: { port: 0 }
`,
  )
  const args = ['run', '-c', join(dir, 'lastpush.yaml'), '--data', join(dir, 'data')]
  daemon = spawn(process.execPath, [join(root, 'dist/main.js'), ...args], { stdio: 'ignore' })
  await until(async () => (await ask('status')).status === 0)
})

afterAll(async () => {
  daemon.kill('SIGTERM')
  if (daemon.exitCode === null) await once(daemon, 'close')
  hook.closeAllConnections()
  hook.close()
  rmSync(dir, { recursive: true, force: true })
})

const ask = (...args: string[]) => lastpush([...args, '--data', join(dir, 'data')])

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(50)
}

async function json(...args: string[]): Promise<unknown> {
  const ran = await ask(...args, '--json')
  expect(ran.status, ran.err).toBe(0)
  return JSON.parse(ran.out)
}

async function alerts(): Promise<readonly Alert[]> {
  const { origin } = JSON.parse(readFileSync(join(dir, 'data/daemon.json'), 'utf8')) as {
    origin: string
  }
  return (await (await fetch(`${origin}/api/v1/alerts?state=firing`)).json()) as readonly Alert[]
}

/** Errors of the present second, so that they fire at once. */
function burst(): void {
  const [day, time] = new Date().toUTCString().slice(5, 25).replace(/ /, '-').replace(/ /, '-').split(' ') // prettier-ignore
  const line = `[${day} ${time} UTC] PHP Fatal error:  boom in /srv/a.php on line 1\n`
  appendFileSync(join(dir, 'php.log'), line.repeat(150))
}

describe('silence', () => {
  it('keeps a page back until it ends', async () => {
    const taken = (await json('silence', 'add', 'service:web', '--for', '1h', '--comment', 'a test', '--by', 'alice')) as TakenSilence // prettier-ignore
    const { firing, picked, ...added } = taken
    expect([firing, picked]).toEqual([0, 0])
    expect(added).toMatchObject({ query: 'service:web', by: 'alice', state: 'active' })
    expect(await json('silence', 'list')).toEqual([added])
    expect((await ask('status')).out).toContain('1 silences active')

    burst()
    await until(async () => (await alerts()).length > 0)
    expect(await alerts()).toMatchObject([{ rule: 'error-burst', state: 'firing', muted: true }])
    expect(told).toEqual([])

    const ended = (await json('silence', 'end', added.id)) as SilenceRow
    expect(ended.state).toBe('ended')
    await until(() => told.length > 0)
    expect(told[0]?.status).toBe('firing')
    expect(told[0]?.alerts[0]?.annotations.summary).toMatch(
      /^FIRING web: \d+ errors within 10s \(the silence by alice has ended\) /,
    )
    expect(await json('silence', 'list')).toEqual([])
    expect(await json('silence', 'list', '--all')).toEqual([ended])
  })

  it('tells who adds one how many of the alerts that fire now it mutes', async () => {
    burst()
    await until(async () => (await alerts()).length > 0)
    const add = (query: string, ...more: string[]) =>
      ask('silence', 'add', query, '--for', '1s', '--comment', 'a test', ...more)
    expect((await add('servcie:web')).out).toMatch(/\n {2}mutes 0 of 1 alert that fires now\n$/)
    expect((await add('service:web')).out).toMatch(/\n {2}mutes 1 of 1 alert that fires now\n$/)
    expect((await add('service:web', '--from', '2100-01-01T00:00:00Z')).out).toMatch(
      /\n {2}picks 1 of 1 alert that fires now\n$/,
    )
  })

  it('says in one line what is wrong with a question', async () => {
    for (const [args, status, said] of [
      [['add', 'service:(', '--for', '1h', '--comment', 'x'], 2, 'SILENCE_INVALID'],
      [['add', 'service:web', '--comment', 'x'], 2, 'a silence always ends'],
      [['add', 'service:web', '--for', '1h'], 2, "required option '--comment <text>'"],
      [['end', 'nosuch'], 2, 'no silence "nosuch" is known [SILENCE_UNKNOWN]'],
    ] as const) {
      const ran = await ask('silence', ...args)
      expect(ran.status, ran.err).toBe(status)
      expect(ran.err).toContain(said)
    }
  })

  it('needs a daemon to change anything', async () => {
    const ran = await lastpush(['silence', 'end', 'x', '--data', join(dir, 'nothing')])
    expect(ran.status).toBe(6)
    expect(ran.err).toContain('no daemon runs on')
  })
})
