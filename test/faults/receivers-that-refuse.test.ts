/** Receivers of every kind that refuse, cannot be reached or are not there, under a daemon that goes
 *  on: each is told on the log, in `status` and in the metrics in a sentence that says what to mend;
 *  what may pass is tried again and arrives, what cannot is parked and kept. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HookServer } from '../receivers/hook-server.ts'
import { Certificate, MailServer, reply } from '../receivers/smtp.ts'
import { command, Daemon, folder, until } from './daemon.ts'
import { metricOf, receiverWhere, writeScene } from './receiver-scene.ts'

interface Trouble {
  /** YAML of the receiver. */
  readonly receiver: string
  /** What is told, on the log and in `status`. */
  readonly error: RegExp
  /** Ends the trouble. */
  readonly mend?: () => Promise<void> | void
  /** True once the page has arrived. */
  readonly arrived?: () => boolean
}

async function webServer(
  dir: string,
  answer: HookServer['answer'],
): Promise<HookServer & { url: string }> {
  // prettier-ignore
  const server = new HookServer()
  server.answer = answer
  const url = await server.start()
  onTestFinished(() => server.stop())
  writeFileSync(join(dir, 'address'), `${url}/services/s3cret`)
  writeFileSync(join(dir, 'key'), 's3cret')
  return Object.assign(server, { url })
}

async function mailServer(
  dir: string,
  hooks: MailServer['hooks'],
  password = 's3cret',
): Promise<{ server: MailServer; receiver: string }> {
  // prettier-ignore
  const certificate = new Certificate('localhost', 2)
  const server = new MailServer()
  server.hooks = hooks
  await server.start(certificate)
  onTestFinished(async () => {
    await server.stop()
    certificate.remove()
  })
  writeFileSync(join(dir, 'password'), password)
  const receiver = `{ email: { host: localhost, port: ${server.port}, ca_file: ${certificate.file}, user: lastpush, password_file: password, from: l@example.com, to: [a@example.com] } }`
  return { server, receiver }
}

describe('for good', () => {
  const troubles: [string, (dir: string) => Promise<Trouble>][] = [
    [
      'Slack, 400',
      async (dir) => {
        await webServer(dir, (response) => response.writeHead(400).end('invalid_blocks'))
        const receiver = '{ slack: { url_file: address } }'
        return { receiver, error: /^Slack, by the address in \S+ answered 400: invalid_blocks$/ }
      },
    ],
    [
      'PagerDuty, 400',
      async (dir) => {
        const body = '{"status":"invalid event","message":"Event object is invalid","errors":[]}'
        const { url } = await webServer(dir, (response) => response.writeHead(400).end(body))
        const receiver = `{ pagerduty: { routing_key_file: key, url: ${url} } }`
        return { receiver, error: /^PagerDuty at \S+ answered 400: Event object is invalid$/ }
      },
    ],
    [
      'a mail server, 550',
      async (dir) => {
        const { receiver } = await mailServer(dir, {
          afterData: () => reply(550, 'looks like spam'),
        })
        return { receiver, error: /^localhost:\d+: .*550 looks like spam$/ }
      },
    ],
    [
      'a program, status 65',
      async () => ({
        receiver: `{ exec: { command: [/bin/sh, -c, 'echo no such room >&2; exit 65', s3cret] } }`,
        error: /^the program \/bin\/sh ended with status 65: no such room$/,
      }),
    ],
  ]

  test.each(troubles)('%s: it is parked, and shown with its reason', async (_name, open) => {
    const dir = folder()
    const { receiver, error } = await open(dir)
    const scene = writeScene(dir, receiver)
    const daemon = await new Daemon(scene).ready()
    scene.fail('/cart')
    const told = await receiverWhere(daemon, 'a parked page', ({ parked }) => parked > 0)
    expect(told.parkedError).toMatch(error)
    expect(await metricOf(daemon, 'lastpush_notifications_parked')).toBeGreaterThanOrEqual(1)
    const { stdout } = command(['status', '--data', scene.dataDir])
    expect(stdout).toContain(`    parked: ${told.parkedError ?? ''}\n`)
    expect(daemon.stderr).toContain('notification parked: trying again cannot help')
    expect(daemon.stderr + stdout).not.toContain('s3cret')
    expect(await daemon.health()).toEqual({ status: 200, reasons: [] })
  })
})

describe('for a while', () => {
  const troubles: [string, (dir: string) => Promise<Trouble>][] = [
    [
      'Slack, 429',
      async (dir) => {
        const server = await webServer(dir, (response) =>
          response.writeHead(429, { 'retry-after': '1' }).end(),
        )
        return afterAnswer(server, '{ slack: { url_file: address } }', /answered 429$/)
      },
    ],
    [
      'PagerDuty, 429',
      async (dir) => {
        const server = await webServer(dir, (response) => response.writeHead(429).end())
        const receiver = `{ pagerduty: { routing_key_file: key, url: ${server.url} } }`
        return afterAnswer(server, receiver, /^PagerDuty at \S+ answered 429/)
      },
    ],
    [
      'a wrong password for the mail server',
      async (dir) => {
        const { server, receiver } = await mailServer(dir, {}, 'wr0ng')
        return {
          receiver,
          error: /^localhost:\d+: Invalid login: 535 no such user$/,
          mend: () => writeFileSync(join(dir, 'password'), 's3cret'),
          arrived: () => server.mails.length > 0,
        }
      },
    ],
    [
      'a mail server that is away',
      async (dir) => {
        const { server, receiver } = await mailServer(dir, {})
        const { port } = server
        await server.stop()
        const back = new Certificate('localhost', 2)
        onTestFinished(() => back.remove())
        return {
          receiver: receiver.replace(/ca_file: [^,]+/, `ca_file: ${back.file}`),
          error: /^localhost:\d+: connect ECONNREFUSED 127\.0\.0\.1:\d+$/,
          mend: () => server.start(back, port),
          arrived: () => server.mails.length > 0,
        }
      },
    ],
    [
      'a program that is not there',
      async (dir) => {
        const program = join(dir, 'tell')
        const out = join(dir, 'out')
        return {
          receiver: `{ exec: { command: [${program}] } }`,
          error: /^the program \S+ cannot be run: ENOENT$/,
          mend: () => {
            writeFileSync(program, `#!/bin/sh\nexec cat > ${out}\n`)
            chmodSync(program, 0o755)
          },
          arrived: () => existsSync(out) && readFileSync(out, 'utf8').endsWith('}'),
        }
      },
    ],
    [
      'a program that hangs',
      async (dir) => {
        const out = join(dir, 'out')
        const code = `test -e ${out} || exec sleep 1000; exec cat > ${out}`
        return {
          receiver: `{ exec: { command: [/bin/sh, -c, '${code}'], timeout: 1s } }`,
          error: /^the program \/bin\/sh did not end within 1 s$/,
          mend: () => writeFileSync(out, ''),
          arrived: () => readFileSync(out, 'utf8').endsWith('}'),
        }
      },
    ],
  ]

  test.each(troubles)(
    '%s: it waits, is shown with its reason, and arrives',
    async (_name, open) => {
      const dir = folder()
      const { receiver, error, mend, arrived } = await open(dir)
      const scene = writeScene(dir, receiver)
      const daemon = await new Daemon(scene).ready()
      scene.fail('/cart')
      const failed = await receiverWhere(daemon, 'a failure', (each) => each.waitingError !== null)
      expect(failed.waitingError).toMatch(error)
      expect(await metricOf(daemon, 'lastpush_notifications_waiting')).toBeGreaterThanOrEqual(1)
      expect(command(['status', '--data', scene.dataDir]).stdout).toMatch(/\n {4}waiting: \S+ /)
      expect(daemon.stderr).toContain('notification not delivered; it waits')
      await mend?.()
      await until('the page to arrive', () => arrived?.() ?? false)
      await receiverWhere(
        daemon,
        'nothing to wait',
        ({ waiting, parked }) => waiting + parked === 0,
      )
      expect(daemon.stderr).not.toMatch(/s3cret|wr0ng/)
    },
  )

  function afterAnswer(server: HookServer, receiver: string, error: RegExp): Trouble {
    let taken = 0
    const mend = (): void => {
      server.answer = (response) => {
        taken += 1
        response.writeHead(202).end('ok')
      }
    }
    return { receiver, error, mend, arrived: () => taken > 0 }
  }
})

test('one that cannot be reached holds up neither the pages of another nor the end of the daemon', async () => {
  const dir = folder()
  const server = await webServer(dir, (response) => response.end())
  const gone = new HookServer()
  const port = new URL(await gone.start()).port
  await gone.stop()
  const irc = `, other: { irc: { server: 127.0.0.1, port: ${port}, tls: none, channel: '#push' } }`
  const scene = writeScene(dir, `{ webhook: { url: ${server.url} } }`, irc)
  const daemon = await new Daemon(scene).ready()
  scene.fail('/cart')
  await until('the page', () => server.requests.length > 0, 10_000)
  const faults = async () => (await daemon.status()).receivers.map(({ fault }) => fault)
  await expect.poll(faults).toEqual([null, `connect ECONNREFUSED 127.0.0.1:${port}`])
  expect(await daemon.health()).toEqual({ status: 200, reasons: [] })
  const stoppedAt = performance.now()
  expect((await daemon.stop()).code).toBe(0)
  expect(performance.now() - stoppedAt).toBeLessThan(5_000)
})
