/** F65: a mail server with TLS and a password that is busy, full and undecided for a while, across a
 *  restart of the daemon. Every transition is told once, in the thread of its group. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Certificate, headersOf, MailServer, reply } from '../receivers/smtp.ts'
import { readBooks } from './books.ts'
import { command, Daemon, folder, until } from './daemon.ts'
import { metricOf, receiverWhere, writeScene } from './receiver-scene.ts'

const paths = ['/cart', '/login', '/search']

test('F65: each page arrives once and in its thread, after refusals of every passing kind and a restart', async () => {
  const dir = folder()
  const certificate = new Certificate('localhost', 2)
  const server = new MailServer()
  await server.start(certificate)
  onTestFinished(async () => {
    await server.stop()
    certificate.remove()
  })
  refuseForNow(server)
  writeFileSync(join(dir, 'password'), 's3cret\n')
  const scene = writeScene(
    dir,
    `{ email: { host: localhost, port: ${server.port}, ca_file: ${certificate.file}, user: lastpush,
      password_file: password, from: lastpush@example.com, to: [a@example.com, b@example.com] } }`,
  )
  let daemon = await new Daemon(scene).ready()
  for (const path of paths) scene.fail(path)
  const told = await receiverWhere(daemon, 'three refused pages', ({ waiting, waitingError }) => {
    return waiting >= 3 && waitingError !== null
  })
  expect(told.waitingError).toMatch(/^localhost:\d+: .*(busy|later)|recipients refused: .*full/)
  expect(await metricOf(daemon, 'lastpush_notifications_waiting')).toBeGreaterThanOrEqual(3)
  const shown = command(['status', '--data', scene.dataDir]).stdout
  expect(shown).toContain('receiver told (email: a@example.com, b@example.com by localhost:')
  expect(shown).toMatch(/: [3-6] waiting, 0 parked\n {4}waiting: .*4\d\d /)
  expect(daemon.stderr).toContain('notification not delivered; it waits')
  expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
  // The store says the same while no daemon runs.
  const atRest = command(['status', '--data', scene.dataDir, ...scene.args]).stdout
  expect(atRest).toContain('no daemon runs; from its store')
  expect(atRest).toMatch(/\nreceiver told \(email: .*: [3-6] waiting, 0 parked\n {4}waiting: /)

  daemon = await new Daemon(scene).ready()
  await ended(daemon, scene.pass)
  expect(server.mails).toEqual([])
  server.hooks = {}
  await until('six mails', () => server.mails.length >= 6, 60_000)
  await receiverWhere(daemon, 'nothing to wait', ({ waiting, parked }) => waiting + parked === 0)
  expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })

  expect(server.mails).toHaveLength(6)
  const headers = server.mails.map(({ raw }) => headersOf(raw))
  const of = (name: string) => headers.map((each) => each.get(name)?.[0])
  expect(new Set(of('message-id')).size).toBe(6)
  const firsts = headers.filter((each) => !each.has('in-reply-to'))
  expect(firsts.map((each) => each.get('subject')?.[0]?.split(' ')[0])).toEqual(['FIRING', 'FIRING', 'FIRING']) // prettier-ignore
  for (const first of firsts) {
    const root = first.get('message-id')?.[0]
    const answers = headers.filter((each) => each.get('in-reply-to')?.[0] === root)
    expect(answers).toHaveLength(1)
    expect(answers[0]?.get('references')).toEqual([root])
    expect(answers[0]?.get('subject')?.[0]).toMatch(/^RESOLVED /)
    expect(headers.indexOf(answers[0] ?? first)).toBeGreaterThan(headers.indexOf(first))
  }
  for (const { to } of server.mails) expect(to).toEqual(['a@example.com', 'b@example.com'])
  const { transitions, notifications } = await readBooks(scene.dataDir)
  expect(transitions).toHaveLength(6)
  const deliveredOnce = notifications.flatMap((each) => each.transitions)
  expect(deliveredOnce.sort()).toEqual(transitions.map(({ id }) => id).sort())
  expect(notifications.map(({ state }) => state)).toEqual(Array<string>(6).fill('delivered'))
  expect(Math.max(...notifications.map(({ attempts }) => attempts))).toBeGreaterThan(1)
})

/** 421 at the door, 450 to all recipients, 451 after the message, by turns. */
function refuseForNow(server: MailServer): void {
  let connections = 0
  const turn = (at: number): boolean => connections % 3 === at
  server.hooks = {
    onConnect: (_session, done) => {
      connections += 1
      done(turn(0) ? reply(421, 'busy') : null)
    },
    onRcptTo: (_address, _session, done) => done(turn(1) ? reply(450, 'full') : null),
    afterData: () => reply(451, 'later'),
  }
}

/** Resolves when every alert has ended; what goes well meanwhile moves event time on. */
async function ended(daemon: Daemon, pass: (path: string) => void): Promise<void> {
  await until('the alerts to end', async () => {
    pass('/')
    const response = await fetch(`${await daemon.up()}/api/v1/alerts?state=resolved`)
    return ((await response.json()) as unknown[]).length === paths.length
  })
}
