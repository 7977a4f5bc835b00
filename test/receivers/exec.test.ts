import { existsSync, statSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ManualClock, systemClock, type Clock } from '../../src/flow/time.ts'
import { execType } from '../../src/receivers/exec.ts'
import type { Outcome, Receiver, ReceiverContext } from '../../src/receivers/receiver.ts'
import { receiverContract, type Subject } from '../contract/receiver.ts'
import { firing, firingPage, nowMs } from './samples.ts'
import { webhookFaults, webhookText } from './webhook-schema.ts'

const signal = new AbortController().signal

function create(
  command: readonly string[],
  clock: Clock = new ManualClock(nowMs),
  more: Partial<ReceiverContext> = {},
): Receiver {
  const options = execType.options.parse({ command })
  return execType.create('script', options, { clock, screen: new PassThrough(), ...more })
}

/** A program in JavaScript that finds its paths in its arguments. */
const script = (code: string, ...args: readonly string[]): string[] => [
  process.execPath,
  '-e',
  code,
  ...args,
]

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'exec-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(dir, { recursive: true })
})

/** Programs of the shell, which are given a secret as an argument. */
async function openPrograms(): Promise<Subject> {
  const place = await mkdtemp(join(tmpdir(), 'exec-contract-'))
  const out = join(place, 'out')
  await writeFile(out, '')
  const shell = (code: string, context: Partial<ReceiverContext> = {}): Receiver =>
    create(['/bin/sh', '-c', code, 'sh', out, 's3cret'], new ManualClock(nowMs), context)
  return {
    secrets: ['s3cret'],
    create: (context) => shell(`{ printf '%s ' "$LASTPUSH_KEY"; cat; echo; } >> "$1"`, context),
    taken: async () => {
      const lines = (await readFile(out, 'utf8')).split('\n').slice(0, -1)
      return lines.map((line) => {
        const [, identity = '', body = ''] = /^(\S+) (.*)$/s.exec(line) ?? []
        return { identity, text: webhookText(body), faults: webhookFaults(body) }
      })
    },
    hung: async () => {
      const life = join(place, 'alive')
      return { receiver: shell(`echo 1 > ${life}; exec sleep 1000`), reached: appears(life) }
    },
    refusing: async (context) => shell('echo no such room >&2; exit 65', context),
    unreachable: async (context) => {
      const program = join(place, 'none')
      const receiver = create([program, 's3cret'], new ManualClock(nowMs), context)
      return { receiver, names: `the program ${program} cannot be run: ENOENT` }
    },
    close: () => rm(place, { recursive: true }),
  }
}

receiverContract('exec', openPrograms)

/** Resolves when the file is there and says something, as a sign of life of a program. */
async function appears(path: string): Promise<void> {
  const deadline = systemClock.now() + 10_000
  while (!existsSync(path) || statSync(path).size === 0) {
    if (systemClock.now() > deadline) throw new Error(`${path} has not appeared`)
    await systemClock.sleep(5)
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function isGone(pid: number): Promise<void> {
  const deadline = systemClock.now() + 5_000
  while (isAlive(pid)) {
    if (systemClock.now() > deadline) throw new Error(`${pid} is still there`)
    await systemClock.sleep(5)
  }
}

describe('the program', () => {
  test('reads the JSON of a webhook and is told key and receiver', async () => {
    const out = join(dir, 'out')
    const code = `const fs = require('fs')
      fs.writeFileSync(process.argv[1], JSON.stringify({
        body: fs.readFileSync(0, 'utf8'), key: process.env.LASTPUSH_KEY, receiver: process.env.LASTPUSH_RECEIVER }))`
    const receiver = create(script(code, out))
    const body = receiver.render(firingPage)
    expect(await receiver.send(body, 'key-1', signal)).toEqual({ ok: true })
    const seen = JSON.parse(await readFile(out, 'utf8')) as { body: string }
    expect(seen).toMatchObject({ key: 'key-1', receiver: 'script' })
    expect(JSON.parse(seen.body)).toMatchObject({ version: '4', alerts: [{ status: 'firing' }] })
  })

  test('is given its arguments as they are, without a shell', async () => {
    const out = join(dir, 'out')
    const code = `require('fs').writeFileSync(process.argv[1], JSON.stringify(process.argv.slice(2)))`
    const args = ['$(id)', '; touch x', '*', '"', '']
    expect(await create(script(code, out, ...args)).send('{}', 'k', signal)).toEqual({ ok: true })
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual(args)
  })

  test('sees nothing of a log line but on its standard input', async () => {
    const out = join(dir, 'out')
    const code = `require('fs').writeFileSync(process.argv[1], JSON.stringify([process.argv, process.env]))`
    const receiver = create(script(code, out))
    const page = {
      ...firingPage,
      alerts: [{ ...firing, samples: ['$(touch /evil)'], summary: 'evil' }],
    }
    await receiver.send(receiver.render(page), 'k', signal)
    expect(await readFile(out, 'utf8')).not.toContain('evil')
  })

  test('does not see the environment of the daemon', async () => {
    vi.stubEnv('SMTP_PASSWORD', 's3cret')
    const out = join(dir, 'out')
    const code = `require('fs').writeFileSync(process.argv[1], Object.keys(process.env).join())`
    await create(script(code, out)).send('{}', 'k', signal)
    expect(await readFile(out, 'utf8')).not.toContain('SMTP_PASSWORD')
  })

  test('may leave its input unread', async () => {
    const body = 'x'.repeat(4_000_000)
    expect(await create(['/bin/true']).send(body, 'k', signal)).toEqual({ ok: true })
  })
})

describe('an end', () => {
  test.each([
    ['status 1', 'process.exit(1)', true, 'ended with status 1'],
    ['status 75', 'process.exit(75)', true, 'ended with status 75'],
    ['status 65', 'process.exit(65)', false, 'ended with status 65'],
    ['a signal', 'process.kill(process.pid, "SIGKILL")', true, 'was ended by SIGKILL'],
  ])('by %s', async (_name, code, retry, what) => {
    expect(await create(script(code)).send('{}', 'k', signal)).toEqual({
      ok: false,
      retry,
      error: `the program ${process.execPath} ${what}`,
    })
  })

  test('tells what the program complained of, on one line and cut', async () => {
    const code = `process.stderr.write('no\\n\\x1b[2J' + 'x'.repeat(1e6), () => process.exit(1))`
    const outcome = await create(script(code)).send('{}', 'k', signal)
    expect(outcome).toEqual({
      ok: false,
      retry: true,
      error: `the program ${process.execPath} ended with status 1: no\\n\\x1b[2J${'x'.repeat(192)}…`,
    })
  })

  test('is not waited for when there is no such program, nor are its arguments shown', async () => {
    expect(await create([join(dir, 'none'), '--token', 's3cret']).send('{}', 'k', signal)).toEqual({
      ok: false,
      retry: true,
      error: `the program ${join(dir, 'none')} cannot be run: ENOENT`,
    })
  })

  test('is not blocked by output that nobody wants', async () => {
    const code = `process.stdout.write('x'.repeat(5e6), () => process.exit(0))`
    expect(await create(script(code)).send('{}', 'k', signal)).toEqual({ ok: true })
  })
})

describe('a program that does not end', () => {
  const stubborn = `process.on('SIGTERM', () => {}); require('fs').writeFileSync(process.argv[1], String(process.pid)); setInterval(() => {}, 1e6)`

  test('is killed after its time limit, though it ignores the friendly signal', async () => {
    const file = join(dir, 'pid')
    const clock = new ManualClock(nowMs)
    const sent = create(script(stubborn, file), clock).send('{}', 'k', signal)
    await appears(file)
    let outcome: Outcome | null = null
    void sent.then((settled) => (outcome = settled))
    for (let seconds = 0; outcome === null && seconds < 10_000; seconds += 1) {
      clock.advance(1_000)
      await turn()
    }
    expect(await sent).toEqual({
      ok: false,
      retry: true,
      error: `the program ${process.execPath} did not end within 10 s`,
    })
    await isGone(Number(await readFile(file, 'utf8')))
  })

  test('is killed with what it has started when the daemon stops', async () => {
    const file = join(dir, 'pid')
    const shell = join(dir, 'start.sh')
    await writeFile(shell, `sleep 1000 & echo $! > ${file}.new; mv ${file}.new ${file}; wait\n`)
    const stop = new AbortController()
    const sent = create(['/bin/sh', shell]).send('{}', 'k', stop.signal)
    await appears(file)
    stop.abort()
    expect(await sent).toEqual({ ok: false, retry: true, error: 'the program /bin/sh stopped' })
    await isGone(Number(await readFile(file, 'utf8')))
  })

  test('is not waited for when only what it started in the background lives on', async () => {
    const file = join(dir, 'pid')
    const shell = join(dir, 'start.sh')
    await writeFile(shell, `sleep 1000 & echo $! > ${file}\n`)
    expect(await create(['/bin/sh', shell]).send('{}', 'k', signal)).toEqual({ ok: true })
    const pid = Number(await readFile(file, 'utf8'))
    expect(isAlive(pid)).toBe(true)
    process.kill(pid)
  })
})

test.each([
  ['no command', {}],
  ['an empty command', { command: [] }],
  ['a command without name', { command: ['', 'a'] }],
  ['one string', { command: 'rm -rf /' }],
  ['a NUL', { command: ['a\0b'] }],
  ['a time limit of nothing', { command: ['a'], timeout: '0s' }],
  ['a time limit above five minutes', { command: ['a'], timeout: '6m' }],
])('the options refuse %s', (_name, given) => {
  expect(execType.options.safeParse(given).success).toBe(false)
})
