import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock, type Clock } from '../../src/flow/time.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import type { Verdict } from '../../src/model/verdict.ts'
import { ircType } from '../../src/receivers/irc.ts'
import type { Outcome, Receiver, ReceiverContext } from '../../src/receivers/receiver.ts'
import { receiverContract, type Subject } from '../contract/receiver.ts'
import { FakeIrc, friendly, type Answer } from './fake-irc.ts'
import { hasNgircd, Ngircd, Watcher } from './ngircd.ts'
import { badPush, firing, firingPage, fix } from './samples.ts'

const signal = new AbortController().signal

/** Ten times as fast as the machine's, so that a line a second is ten. */
const fast: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * 10,
  sleep: (ms, stop) => systemClock.sleep(ms / 10, stop),
}

const opened: Receiver[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (receiver) => receiver.close?.()))
})

function create(given: object, context: Partial<ReceiverContext> = {}): Receiver {
  const options = ircType.options.parse({ server: '127.0.0.1', tls: 'none', channel: '#push', ...given }) // prettier-ignore
  const receiver = ircType.create('chat', options, { clock: fast, screen: new PassThrough(), ...context }) // prettier-ignore
  opened.push(receiver)
  return receiver
}

const send = (receiver: Receiver, page = firingPage): Promise<Outcome> =>
  receiver.send(receiver.render(page), page.key, signal)

/** What the bot has said, a page each, and what of it no server may be sent. */
function pagesOf(lines: readonly string[]): { identity: string; text: string; faults: string[] }[] {
  const said = lines.filter((line) => / PRIVMSG #push :/.test(line))
  const pages: { identity: string; text: string; faults: string[] }[] = []
  for (const raw of said) {
    const text = raw.slice(raw.indexOf(' :') + 2)
    if (/^(FIRING|UPDATE|STILL FIRING|RESOLVED)/.test(text)) {
      pages.push({ identity: '', text, faults: [] })
      continue
    }
    const page = pages.at(-1)
    if (page !== undefined) page.text += `\n${text}`
  }
  for (const raw of said) {
    const faults = pages.at(-1)?.faults
    if (Buffer.byteLength(raw) > 510) faults?.push(`a line of ${Buffer.byteLength(raw)} bytes`)
    if (/[\x00-\x1f\x7f-\x9f\u202a-\u202e]/.test(raw)) faults?.push('a control character')
  }
  for (const { text, faults } of pages)
    if (text.split('\n').length > 6) faults.push('too many lines')
  return pages
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = systemClock.now() + 10_000
  while (!holds()) {
    if (systemClock.now() > deadline) throw new Error('it never came to hold')
    await systemClock.sleep(10)
  }
}

/** Tries as the outbox does until it is told. */
async function sendUntilTold(receiver: Receiver, page = firingPage): Promise<number> {
  for (let attempts = 1; attempts < 50; attempts += 1) {
    if ((await send(receiver, page)).ok) return attempts
    await systemClock.sleep(20)
  }
  throw new Error(`never told: ${receiver.fault ?? 'no fault'}`)
}

const againstNgircd = (): void => {
  let server: Ngircd
  let watcher: Watcher
  beforeAll(async () => {
    server = new Ngircd()
    await server.start()
  })
  afterAll(() => server.remove())
  beforeEach(async () => {
    watcher = new Watcher(server.port, 'watcher')
    await watcher.joins('#push')
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(async (receiver) => receiver.close?.()))
    watcher.close()
  })

  const here = (context: Partial<ReceiverContext> = {}, given: object = {}): Receiver =>
    create({ port: server.port, ...given }, context)

  const openChannel = async (): Promise<Subject> => {
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const dir = mkdtempSync(join(tmpdir(), 'irc-contract-'))
    const password = join(dir, 'password')
    writeFileSync(password, 's3cret')
    const gone = new Ngircd()
    return {
      secrets: ['s3cret'],
      create: (context) => here(context),
      taken: async () => {
        await watcher.isUpToDate()
        return pagesOf(watcher.lines)
      },
      hung: async () => {
        const reached = new Promise((resolve) => silent.once('connection', resolve))
        return { receiver: create({ port: (silent.address() as AddressInfo).port }), reached }
      },
      // It refuses nobody for good.
      refusing: async (context) => here(context),
      unreachable: async (context) => {
        await gone.start()
        const { port } = gone
        await gone.stop()
        const receiver = create({ port, user: 'bot', password_file: password }, context)
        return { receiver, names: `#push on 127.0.0.1:${port}: ` }
      },
      close: async () => {
        silent.close()
        await gone.remove()
        rmSync(dir, { recursive: true })
      },
    }
  }

  receiverContract('irc', openChannel, {
    identity: 'a line on IRC has no key',
    refusal: 'nothing on IRC is for good: a ban or a mode may be taken back',
  })

  test('tells a page in the channel, a line after the other', async () => {
    expect(await send(here())).toEqual({ ok: true })
    expect(await watcher.sees(/PRIVMSG/)).toMatch(
      /^:lastpush!\S+ PRIVMSG #push :FIRING web: status 500 went .* since push 3f2a9c1b7e by alice$/,
    )
    expect(await watcher.sees(/PRIVMSG/)).toMatch(/: {2}127\.0\.0\.1 .* 500 12$/)
    expect(await watcher.sees(/PRIVMSG/)).toMatch(/: {2}http:\/\/127\.0\.0\.1:7077\/\?to=2026/)
  })

  test('keeps its place between pages and says no more than a line a second', async () => {
    const receiver = here()
    await sendUntilTold(receiver)
    const startedAt = fast.monotonic()
    await Promise.all([send(receiver), send(receiver)])
    // Six lines, the first of them a second after the third of the page before.
    expect(fast.monotonic() - startedAt).toBeGreaterThanOrEqual(4_900)
    expect(watcher.lines.filter((line) => /:lastpush!.* JOIN/.test(line))).toHaveLength(1)
  })

  test('S20: cannot be made to say a command by a log line', async () => {
    const line = 'x\r\nQUIT :gone\r\nPRIVMSG #push :\x01ACTION waves\x01'
    const alert = { ...firing, summary: line, samples: [line], labels: { service: line } }
    expect(await send(here(), { ...firingPage, alerts: [alert] })).toEqual({ ok: true })
    expect(await watcher.sees(/FIRING/)).toContain('\\r\\nQUIT :gone\\r\\n')
    expect(watcher.lines.filter((seen) => /QUIT|ACTION waves\x01/.test(seen) && !seen.includes('\\r'))).toEqual([]) // prettier-ignore
  })

  test('takes another nick when its own is taken, and its own again when it is free', async () => {
    const thief = new Watcher(server.port, 'lastpush')
    await thief.joins('#push')
    const receiver = here()
    expect(await send(receiver)).toEqual({ ok: true })
    expect(await watcher.sees(/PRIVMSG/)).toMatch(/^:lastpush_!/)
    thief.close()
    await watcher.sees(/^:lastpush_!\S+ NICK :?lastpush$/)
    expect(await send(receiver)).toEqual({ ok: true })
    await watcher.sees(/^:lastpush!\S+ PRIVMSG #push :FIRING/)
  })

  test('comes back after a kick and tells then what it could not tell', async () => {
    const receiver = here()
    receiver.start?.()
    await watcher.sees(/:lastpush!.* JOIN/)
    watcher.say('KICK #push lastpush :be quiet')
    await watcher.sees(/ KICK /)
    await sendUntilTold(receiver)
    await watcher.sees(/:lastpush!.* JOIN/)
    await watcher.sees(/:lastpush!\S+ PRIVMSG #push :FIRING/)
    expect(receiver.fault).toBeNull()
  })

  test('says who kicked it while it is out, and keeps trying to get in', async () => {
    const warnings: string[] = []
    const warn = (_facts: object, message: string): number => warnings.push(message)
    const log = { debug() {}, info() {}, warn, error() {} }
    const receiver = here({ log })
    receiver.start?.()
    await watcher.sees(/:lastpush!.* JOIN/)
    watcher.say('MODE #push +b lastpush!*@*')
    watcher.say('KICK #push lastpush :go away')
    await watcher.sees(/ KICK /)
    await until(() => /banned/.test(receiver.fault ?? ''))
    const outcome = await send(receiver)
    expect(outcome).toMatchObject({ ok: false, retry: true })
    expect(outcome.ok ? '' : outcome.error).toMatch(/^#push on 127\.0\.0\.1:\d+: .*banned/)
    expect(warnings[0]).toBe('not in #push: kicked by watcher: go away')
    watcher.say('MODE #push -b lastpush!*@*')
    await sendUntilTold(receiver)
    await watcher.sees(/FIRING/)
  })

  test('keeps a line that the channel refuses for later', async () => {
    const receiver = here()
    receiver.start?.()
    await watcher.sees(/:lastpush!.* JOIN/)
    watcher.say('MODE #push +m')
    await watcher.sees(/ MODE #push \+m/)
    expect(await send(receiver)).toMatchObject({ ok: false, retry: true })
    watcher.say('MODE #push -m')
    await sendUntilTold(receiver)
    await watcher.sees(/FIRING/)
  })

  test('comes back when the server has been away', async () => {
    const receiver = here()
    await sendUntilTold(receiver)
    await server.stop()
    expect(await send(receiver)).toMatchObject({ ok: false, retry: true })
    await server.start()
    const second = new Watcher(server.port, 'second')
    await second.joins('#push')
    await sendUntilTold(receiver)
    await second.sees(/FIRING/)
    second.close()
  })

  test('announces each deploy once, and that it failed', async () => {
    const listeners = new Set<(deploy: Deploy) => void>()
    const onDeploy = (listener: (deploy: Deploy) => void): (() => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
    const tell = (deploy: Deploy): void => listeners.forEach((listener) => listener(deploy))
    const receiver = here({ onDeploy })
    receiver.start?.()
    await sendUntilTold(receiver)
    await watcher.sees(/FIRING/)
    const start = new Date(systemClock.now()).toISOString()
    const deploy = { ...fix, start, status: 'running' as const }
    tell({ ...badPush, start: '2020-01-01T00:00:00.000Z', end: '2020-01-01T00:00:00.000Z' })
    tell(deploy)
    tell({ ...deploy, end: start, status: 'done' })
    tell({ ...deploy, status: 'failed' })
    await watcher.sees(/:push 77ab34cd90 by bob to web \(production\), after 3f2a9c1b7e$/)
    await watcher.sees(/:push 77ab34cd90 by bob to web .*: it failed$/)
    expect(watcher.lines.filter((line) => /PRIVMSG #push :push /.test(line))).toEqual([])
    await receiver.close?.()
    expect(listeners.size).toBe(0)
  })

  test('answers !since in the channel, one question in five seconds', async () => {
    const asked: unknown[] = []
    const verdict: Verdict = { deploy: fix, state: 'open', sources: [], items: [] }
    const since: ReceiverContext['since'] = async (question) => {
      asked.push(question)
      return verdict
    }
    const receiver = here({ since })
    await sendUntilTold(receiver)
    watcher.say('PRIVMSG lastpush :!since private')
    watcher.say('PRIVMSG #push :is it since !since')
    watcher.say('PRIVMSG #push :!since web')
    watcher.say('PRIVMSG #push :!since')
    await watcher.sees(/PRIVMSG #push :since push 77ab34cd90 by bob \(web, .*: 0 new, 0 worse/)
    expect(asked).toEqual([{ service: 'web' }])
    await fast.sleep(5_000)
    watcher.say('PRIVMSG #push :!since')
    await watcher.sees(/PRIVMSG #push :since push/)
    expect(asked).toEqual([{ service: 'web' }, {}])
  })

  test('says in the channel when a question has no answer', async () => {
    const receiver = here({ since: () => Promise.reject(new Error('s3cret path')) })
    await sendUntilTold(receiver)
    watcher.say('PRIVMSG #push :!since')
    await watcher.sees(/PRIVMSG #push :there is no answer to that now$/)
    expect(watcher.lines.join()).not.toContain('s3cret')
  })

  test('leaves when it is closed, and may be closed twice', async () => {
    const receiver = here()
    await sendUntilTold(receiver)
    await receiver.close?.()
    await receiver.close?.()
    await watcher.sees(/:lastpush!\S+ QUIT/)
    expect(await send(receiver)).toMatchObject({ ok: false, retry: true })
  })
}

if (hasNgircd) describe('against ngircd', againstNgircd)
else {
  test('against ngircd', (context) => {
    const isRequired = (process.env['LASTPUSH_TEST_REQUIRE'] ?? '').split(',').includes('ngircd')
    if (isRequired) throw new Error('LASTPUSH_TEST_REQUIRE names ngircd, which is not installed')
    context.skip(true, 'needs ngircd (apt-get install ngircd)')
  })
}

describe('against a server that is none', () => {
  let server: Server
  let connected: Promise<Socket>
  let port: number
  beforeEach(async () => {
    connected = new Promise((resolve) => (server = createServer((socket) => {
      socket.on('error', () => {})
      resolve(socket)
    }))) // prettier-ignore
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterEach(() => server.close())

  test('gives up waiting for a place in the channel', async () => {
    const receiver = create({ port })
    const outcome = await send(receiver)
    ;(await connected).destroy()
    expect(outcome).toEqual({
      ok: false,
      retry: true,
      error: `#push on 127.0.0.1:${port}: not connected yet`,
    })
  })

  test('ends a line without end', async () => {
    const receiver = create({ port })
    receiver.start?.()
    const socket = await connected
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.write('x'.repeat(200_000))
    await closed
  })

  test('F67: says nothing to a server that has no TLS', async () => {
    let heard = ''
    const receiver = create({ port, tls: 'implicit' })
    receiver.start?.()
    const socket = await connected
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')))
    socket.write(':irc.example.test 001 lastpush :hello\r\n')
    await closed
    expect(heard).not.toMatch(/NICK|USER|PRIVMSG/)
  })

  test('waits for a password that is not there yet', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'irc-'))
    const file = join(dir, 'password')
    const receiver = create({ port, user: 'bot', password_file: file })
    expect(await send(receiver)).toMatchObject({ ok: false, retry: true })
    expect(receiver.fault).toBe(`${file} cannot be read: ENOENT`)
    writeFileSync(file, 's3cret')
    const socket = await connected
    const heard = new Promise<string>((resolve) => socket.on('data', (chunk: Buffer) => resolve(chunk.toString()))) // prettier-ignore
    expect(await heard).toContain('CAP LS')
    expect(receiver.address).toBe(`#push on 127.0.0.1:${port}`)
    socket.destroy()
    rmSync(dir, { recursive: true })
  })
})

describe('against a server that is strict', () => {
  const opened: FakeIrc[] = []
  afterEach(() => opened.splice(0).forEach((server) => server.stop()))
  async function open(answer: Answer): Promise<{ server: FakeIrc; port: number }> {
    const server = new FakeIrc(answer)
    opened.push(server)
    return { server, port: await server.start() }
  }

  test('tells that it was cut off for flooding, comes back and says it again', async () => {
    let isStrict = true
    const { server, port } = await open((line, socket) => {
      if (!isStrict || !line.startsWith('PRIVMSG')) return friendly(line, socket)
      isStrict = false
      socket.end('ERROR :Closing Link: lastpush (Excess Flood)\r\n')
      return []
    })
    const warnings: string[] = []
    const warn = (_facts: object, message: string): number => warnings.push(message)
    const receiver = create({ port }, { log: { debug() {}, info() {}, warn, error() {} } })
    expect(await send(receiver)).toEqual({
      ok: false,
      retry: true,
      error: `#push on 127.0.0.1:${port}: Closing Link: lastpush (Excess Flood)`,
    })
    expect(warnings).toEqual(['not in #push: Closing Link: lastpush (Excess Flood)'])
    await sendUntilTold(receiver)
    expect(server.connections).toBe(2)
    expect(server.lines.filter((line) => line.startsWith('PRIVMSG #push :FIRING'))).toHaveLength(2)
  })

  test('tells that no nick is free when all are taken', async () => {
    const { server, port } = await open((line, socket) => {
      const [command, nick = ''] = line.split(' ')
      if (command === 'NICK') return [`:irc.test 433 * ${nick} :Nickname is already in use`]
      return command === 'USER' ? [] : friendly(line, socket)
    })
    const receiver = create({ port })
    receiver.start?.()
    await until(() => /no nick is free/.test(receiver.fault ?? ''))
    expect(receiver.fault).toBe('no nick is free: Nickname is already in use')
    expect(new Set(server.lines.filter((line) => line.startsWith('NICK'))).size).toBe(11)
  })

  test('tells that its password is wrong, and never the password', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'irc-'))
    const file = join(dir, 'password')
    writeFileSync(file, 's3cret')
    const { server, port } = await open((line, socket) => {
      if (line.startsWith('CAP LS')) return [':irc.test CAP * LS :sasl']
      if (line.startsWith('CAP REQ')) return [':irc.test CAP * ACK :sasl']
      if (line === 'AUTHENTICATE PLAIN') return ['AUTHENTICATE +']
      if (line.startsWith('AUTHENTICATE')) return [':irc.test 904 * :SASL authentication failed']
      return line.startsWith('USER') ? [] : friendly(line, socket)
    })
    const receiver = create({ port, user: 'bot', password_file: file })
    receiver.start?.()
    await until(() => /log-in failed/.test(receiver.fault ?? ''))
    expect(server.lines).toContain(
      `AUTHENTICATE ${Buffer.from('bot\0bot\0s3cret').toString('base64')}`,
    )
    expect(JSON.stringify([receiver.fault, receiver.address])).not.toContain('s3cret')
    rmSync(dir, { recursive: true })
  })
})

const least = { server: 'irc.example.com', channel: '#push' }
test.each([
  ['no channel', { server: 'a' }],
  ['a channel with a space', { ...least, channel: '#a b' }],
  ['a channel with a line end', { ...least, channel: '#a\r\nQUIT' }],
  ['two channels', { ...least, channel: '#a,#b' }],
  ['a person as the channel', { ...least, channel: 'alice' }],
  ['a nick with a space', { ...least, nick: 'a b' }],
  ['a user without password', { ...least, user: 'u' }],
  ['the password itself', { ...least, user: 'u', password: 'p' }],
  ['a password without TLS', { ...least, tls: 'none', user: 'u', password_env: 'P' }],
])('the options refuse %s', (_name, given) => {
  expect(ircType.options.safeParse(least).success).toBe(true)
  expect(ircType.options.safeParse(given).success).toBe(false)
})
