import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addReceivers } from '../../src/cli/receivers.ts'
import type { Io } from '../../src/cli/io.ts'
import { systemClock } from '../../src/flow/time.ts'
import { HookServer } from '../receivers/hook-server.ts'
import { hasNgircd, Ngircd, Watcher } from '../receivers/ngircd.ts'
import { Certificate, headersOf, MailServer } from '../receivers/smtp.ts'

let dir: string
let server: HookServer
let origin: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'receivers-'))
  server = new HookServer()
  origin = await server.start()
})
afterEach(async () => {
  await server.stop()
  await rm(dir, { recursive: true })
})

async function run(name: string, yaml: string): Promise<{ out: string; exitCode: number }> {
  const file = join(dir, 'lastpush.yaml')
  await writeFile(file, yaml)
  const out = new PassThrough()
  const io: Io = {
    out,
    err: new PassThrough(),
    input: new PassThrough(),
    env: {},
    clock: systemClock,
    exitCode: 0,
  }
  const program = new Command('lastpush').exitOverride()
  addReceivers(program, io)
  await program.parseAsync(['node', 'lastpush', 'receivers', 'test', name, '-c', file])
  return { out: String(out.read()), exitCode: io.exitCode }
}

test('sends a page that says it is a test, and its end, and prints what came of it', async () => {
  const ran = await run('hook', `receivers:\n  hook: { webhook: { url: ${origin}/a } }\n`)
  expect(ran).toEqual({
    out: `hook (${origin}/…): test page delivered\nhook (${origin}/…): its end delivered\n`,
    exitCode: 0,
  })
  const bodies = server.requests.map(({ body }) => JSON.parse(body) as { status: string })
  expect(bodies.map(({ status }) => status)).toEqual(['firing', 'resolved'])
  expect(bodies[0]).toMatchObject({
    alerts: [
      {
        annotations: {
          summary:
            'FIRING lastpush: this is a test of the receiver hook; nothing is wrong, since an unknown push',
        },
      },
    ],
    groupLabels: { test: 'true' },
  })
})

test('says why a page was not taken and ends with status 1', async () => {
  server.answer = (response) => response.writeHead(403).end()
  const ran = await run('hook', `receivers:\n  hook: { webhook: { url: ${origin}/a } }\n`)
  expect(ran).toEqual({
    out: `hook (${origin}/…): test page not delivered: ${origin}/… answered 403; the daemon would not try again\n`,
    exitCode: 1,
  })
  expect(server.requests).toHaveLength(1)
})

test('knows the receivers of the configuration only', async () => {
  const ran = run('other', `receivers:\n  hook: { webhook: { url: ${origin}/a } }\n`)
  await expect(ran).rejects.toThrow('no receiver is named other; known are hook')
  expect(server.requests).toHaveLength(0)
})

test('knows the console of a configuration that names no receiver', async () => {
  const ran = await run('console', 'env: production\n')
  expect(ran.exitCode).toBe(0)
  expect(ran.out).toMatch(
    /^FIRING lastpush: this is a test of the receiver console; nothing is wrong/,
  )
  expect(ran.out).toContain('console (standard output): its end delivered\n')
})

describe('every other kind', () => {
  const delivered = (name: string, address: string): string =>
    `${name} (${address}): test page delivered\n${name} (${address}): its end delivered\n`

  test('slack', async () => {
    await writeFile(join(dir, 'url'), `${origin}/services/T0`)
    const ran = await run('chat', 'receivers:\n  chat: { slack: { url_file: url } }\n')
    const address = `Slack, by the address in ${join(dir, 'url')}`
    expect(ran).toEqual({ out: delivered('chat', address), exitCode: 0 })
    expect(server.requests.map(({ body }) => /"text":"(\w+) lastpush: this is a test/.exec(body)?.[1])).toEqual(['FIRING', 'RESOLVED']) // prettier-ignore
  })

  test('pagerduty', async () => {
    await writeFile(join(dir, 'key'), 'R0123')
    const yaml = `receivers:\n  oncall: { pagerduty: { routing_key_file: key, url: ${origin} } }\n`
    const ran = await run('oncall', yaml)
    const address = `PagerDuty at ${new URL(origin).host}`
    expect(ran).toEqual({ out: delivered('oncall', address), exitCode: 0 })
    const events = server.requests.map(
      ({ body }) => JSON.parse(body) as { event_action: string; dedup_key: string },
    )
    expect(events.map(({ event_action }) => event_action)).toEqual(['trigger', 'resolve'])
    expect(events[0]?.dedup_key).toBe(events[1]?.dedup_key)
  })

  test('exec', async () => {
    const out = join(dir, 'out')
    const command = JSON.stringify(['/bin/sh', '-c', 'cat >> "$1"; echo >> "$1"', 'sh', out])
    const ran = await run('script', `receivers:\n  script: { exec: { command: ${command} } }\n`)
    expect(ran).toEqual({ out: delivered('script', 'the program /bin/sh'), exitCode: 0 })
    expect((await readFile(out, 'utf8')).match(/"notification_reason":"\w+"/g)).toEqual([
      '"notification_reason":"firing"',
      '"notification_reason":"resolved"',
    ])
  })

  test('email', async () => {
    const certificate = new Certificate('localhost', 2)
    const mail = new MailServer()
    await mail.start(certificate)
    await writeFile(join(dir, 'password'), 's3cret')
    const options = `{ host: localhost, port: ${mail.port}, ca_file: ${certificate.file}, user: lastpush, password_file: password, from: l@example.com, to: [a@example.com] }`
    const ran = await run('team', `receivers:\n  team: { email: ${options} }\n`)
    expect(ran).toEqual({ out: delivered('team', `a@example.com by localhost:${mail.port}`), exitCode: 0 }) // prettier-ignore
    const [first, second] = mail.mails.map(({ raw }) => headersOf(raw))
    expect(second?.get('in-reply-to')).toEqual(first?.get('message-id'))
    await mail.stop()
    certificate.remove()
  })

  test('irc', async (context) => {
    context.skip(!hasNgircd, 'needs ngircd (apt-get install ngircd)')
    const ngircd = new Ngircd()
    await ngircd.start()
    const watcher = new Watcher(ngircd.port, 'watcher')
    await watcher.joins('#push')
    const options = `{ server: 127.0.0.1, port: ${ngircd.port}, tls: none, channel: '#push' }`
    const ran = await run('chat', `receivers:\n  chat: { irc: ${options} }\n`)
    expect(ran).toEqual({
      out: delivered('chat', `#push on 127.0.0.1:${ngircd.port}`),
      exitCode: 0,
    })
    await watcher.sees(/PRIVMSG #push :FIRING lastpush: this is a test of the receiver chat/)
    await watcher.sees(/PRIVMSG #push :RESOLVED lastpush: this is a test/)
    await watcher.sees(/:lastpush!\S+ QUIT/)
    watcher.close()
    await ngircd.remove()
  })
})
