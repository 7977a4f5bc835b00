/** Runs a program for each notification, with the JSON that a webhook would get on its standard
 *  input. No shell: the arguments are the configured list, and nothing of a log line is ever among
 *  them. The program sees a small environment, not the daemon's, which may hold secrets. */
import { spawn, type ChildProcess } from 'node:child_process'
import { setImmediate as turn } from 'node:timers/promises'
import { z } from 'zod'
import type { Clock } from '../flow/time.ts'
import { duration } from '../query/schema.ts'
import { cut } from './headline.ts'
import type { Outcome, Receiver, ReceiverContext, ReceiverType } from './receiver.ts'
import { webhookBody } from './webhook-body.ts'

const timeoutDefaultMs = 10_000
const timeoutMaxMs = 300_000
const alertsMax = 200
/** Of standard error; what a program prints beyond it is read and thrown away. */
const outputBytesMax = 4_096
const complaintCharactersMax = 200
/** Between the friendly signal and the other one. */
const graceMs = 1_000
/** EX_DATAERR of sysexits.h: "the input data was incorrect in some way". */
const refusedStatus = 65
/** What of the daemon's environment a program is given. */
const inherited = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']

const argument = z.string().refine((text) => !text.includes('\0'), 'cannot hold a NUL')

const options = z
  .strictObject({
    command: z.array(argument).min(1),
    timeout: duration.default(timeoutDefaultMs),
  })
  .refine(({ command }) => command[0] !== '', { path: ['command'], message: 'names no program' })
  .refine(({ timeout }) => timeout > 0 && timeout <= timeoutMaxMs, {
    path: ['timeout'],
    message: 'must be above 0 and at most 5m',
  })

export type ExecOptions = z.output<typeof options>

/** The receiver type `exec`. */
export const execType: ReceiverType<ExecOptions> = {
  kind: 'exec',
  doc: 'Runs a program for each notification, without a shell, with the notification as JSON on its standard input.',
  example:
    'receivers:\n  script: { exec: { command: [/usr/local/bin/tell, --team, web], timeout: 10s } }',
  options,
  create: createExec,
}

function createExec(name: string, chosen: ExecOptions, context: ReceiverContext): Receiver {
  const [program = '', ...args] = chosen.command
  // Arguments may hold secrets; the program's own name does not.
  const address = `the program ${program}`
  return {
    name,
    address,
    render: (page) => webhookBody(page, alertsMax),
    async send(body, key, signal) {
      const env = { ...environment(), LASTPUSH_KEY: key, LASTPUSH_RECEIVER: name }
      const ran = await run({ program, args, env, body, limitMs: chosen.timeout, clock: context.clock, signal }) // prettier-ignore
      return judge(ran, address)
    },
  }
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    inherited.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

interface Run {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly body: string
  readonly limitMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

interface Ran {
  /** Exit status; null when it had none. */
  readonly status: number | null
  /** Why it has no status, for people. */
  readonly fault: string | null
  readonly complaint: string
}

async function run({ program, args, env, body, limitMs, clock, signal }: Run): Promise<Ran> {
  if (signal.aborted) return { status: null, fault: 'stopped', complaint: '' }
  // In a group of its own, so that what it has started can be ended with it.
  const child = spawn(program, [...args], { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  const complaint = keepStart(child)
  const over = new AbortController()
  const ended = endOf(child)
  // A program that reads nothing closes the pipe; its status says what that means.
  child.stdin.on('error', () => {})
  child.stdin.end(body)
  const limit = clock.sleep(limitMs, AbortSignal.any([signal, over.signal])).then((): null => null)
  const first = await Promise.race([ended, limit])
  over.abort()
  const result = first ?? (await endByForce(child, ended, clock, signal.aborted, limitMs))
  // What it wrote before its end is in the pipe and is read within two turns of the event loop. Its
  // own children may hold the pipe open for ever, so its end is not waited for.
  await turn()
  await turn()
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
  return { ...result, complaint: complaint() }
}

type End = Pick<Ran, 'status' | 'fault'>

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ status: null, fault: `cannot be run: ${error.code ?? 'unknown'}` })
    })
    child.on('exit', (status, killer) => {
      resolve({ status, fault: status === null ? `was ended by ${killer ?? 'a signal'}` : null })
    })
  })
}

async function endByForce(
  child: ChildProcess,
  ended: Promise<End>,
  clock: Clock,
  isStopped: boolean,
  limitMs: number,
): Promise<End> {
  killGroup(child, 'SIGTERM')
  // When the daemon itself is being stopped there is no time to be friendly.
  const over = new AbortController()
  if (!isStopped) await Promise.race([ended, clock.sleep(graceMs, over.signal)])
  over.abort()
  killGroup(child, 'SIGKILL')
  await ended
  return { status: null, fault: isStopped ? 'stopped' : `did not end within ${limitMs / 1_000} s` }
}

function killGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch {
    // The group has ended by itself.
  }
}

/** Reads all output so that the program never blocks on it, and keeps the start of its complaints. */
function keepStart(child: ChildProcess): () => string {
  const kept: Buffer[] = []
  let bytes = 0
  child.stdout?.resume()
  child.stderr?.on('data', (chunk: Buffer) => {
    if (bytes < outputBytesMax) kept.push(chunk.subarray(0, outputBytesMax - bytes))
    bytes += chunk.length
  })
  return () => Buffer.concat(kept).toString('utf8').trim()
}

function judge({ status, fault, complaint }: Ran, address: string): Outcome {
  if (status === 0) return { ok: true }
  const what = fault ?? `ended with status ${status ?? 'unknown'}`
  const said = complaint === '' ? '' : `: ${cut(complaint, complaintCharactersMax)}`
  return { ok: false, retry: status !== refusedStatus, error: `${address} ${what}${said}` }
}
