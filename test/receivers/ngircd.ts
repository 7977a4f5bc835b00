/** A real IRC server, ngircd, with a configuration and port of its own, and a client to watch it. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/flow/time.ts'

/** Debian puts it where users do not look. */
const program = 'ngircd'
const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`

/** True where ngircd is installed. */
export const hasNgircd = spawnSync(program, ['--version'], { env: { PATH: path } }).status === 0

export class Ngircd {
  readonly #dir = mkdtempSync(join(tmpdir(), 'ngircd-'))
  #child: ChildProcess | null = null
  port = 0

  async start(): Promise<void> {
    if (this.port === 0) this.port = await freePort()
    const file = join(this.#dir, 'ngircd.conf')
    const lines = [
      '[Global]',
      'Name = irc.example.test',
      'Listen = 127.0.0.1',
      `Ports = ${this.port}`,
      'MotdPhrase = hello',
      '[Limits]',
      'MaxConnectionsIP = 0',
      'MaxPenaltyTime = 0',
      '[Options]',
      'DNS = no',
      'Ident = no',
      'PAM = no',
      'SyslogFacility = local1',
    ]
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o644 })
    const env = { PATH: path }
    this.#child = spawn(program, ['--nodaemon', '--config', file], { env, stdio: 'ignore' })
    const deadline = systemClock.now() + 10_000
    while (!(await answers(this.port))) {
      if (systemClock.now() > deadline) throw new Error('ngircd does not start')
      await systemClock.sleep(20)
    }
  }

  /** Ends the process and with it every connection. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.#dir, { recursive: true })
  }
}

/** A person in the channel, as plain lines over TCP. */
export class Watcher {
  readonly lines: string[] = []
  readonly #socket: Socket
  #rest = ''
  #asked = 0
  #look: () => void = () => {}

  constructor(port: number, nick: string) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('error', () => {})
    this.#socket.setEncoding('utf8').on('data', (text: string) => {
      const parts = (this.#rest + text).split('\r\n')
      this.#rest = parts.pop() ?? ''
      for (const line of parts) {
        if (line.startsWith('PING')) this.say(line.replace('PING', 'PONG'))
        this.lines.push(line)
      }
      this.#look()
    })
    this.say(`NICK ${nick}`)
    this.say('USER watcher 0 * :watcher')
  }

  /** A raw line. */
  say(line: string): void {
    this.#socket.write(`${line}\r\n`)
  }

  /** Resolves with the first line, from now or before, that fits and was not waited for yet. */
  async sees(pattern: RegExp): Promise<string> {
    const deadline = systemClock.now() + 10_000
    for (;;) {
      const index = this.lines.findIndex((line) => pattern.test(line))
      if (index >= 0) return this.lines.splice(index, 1)[0] ?? ''
      const leftMs = deadline - systemClock.now()
      if (leftMs <= 0) throw new Error(`nobody said ${String(pattern)}: ${this.lines.join('\n')}`)
      const seen = new AbortController()
      this.#look = () => seen.abort()
      await systemClock.sleep(leftMs, seen.signal)
    }
  }

  /** Enters a channel. */
  async joins(channel: string): Promise<void> {
    await this.sees(/ 001 /)
    this.say(`JOIN ${channel}`)
    await this.sees(/ 366 /)
  }

  /** Resolves when everything that the server has dealt with is in `lines`. */
  async isUpToDate(): Promise<void> {
    this.#asked += 1
    this.say(`PING here-${this.#asked}`)
    await this.sees(new RegExp(` PONG \\S+ :?here-${this.#asked}$`))
  }

  close(): void {
    this.#socket.destroy()
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
