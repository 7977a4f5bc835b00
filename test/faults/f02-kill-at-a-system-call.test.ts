/** F02: the daemon is killed as it enters the Kth write, sync, rename or removal of any thread, so
 *  that it dies at every border between two changes of its files. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Daemon, folder, full } from './daemon.ts'
import { seeded, type Random } from './random.ts'
import { RequestLog } from './requests.ts'
import { canTrace, traced, traceReason } from './strace.ts'

const lastK = 60
const runningCalls = ['fsync', 'pwrite64', 'write'] as const
const makingCalls = ['fsync', 'pwrite64', 'rename', 'unlink', 'ftruncate'] as const
/** Of the rarer calls a start has no more than these. */
const makingK = 5
const diesWithinMs = 60_000
const turnMs = 5

interface Border {
  readonly call: string
  readonly k: number
}

/** All borders of the table, or a few of them by the seed. */
function borders(calls: readonly string[], last: number, random: Random, few: number): Border[] {
  const numbers = Array.from({ length: last }, (_, index) => index + 1)
  const all = calls.flatMap((call) => numbers.map((k) => ({ call, k })))
  return full ? all : Array.from({ length: few }, () => random.pick(all))
}

test(
  'F02: killed at the borders of a running store, every line counts once',
  { timeout: (full ? 180 : 3) * 30_000 + 60_000 },
  async (context) => {
    context.skip(!canTrace, traceReason)
    const dir = folder()
    const log = new RequestLog(dir)
    const dataDir = join(dir, 'data')
    for (const border of borders(runningCalls, lastK, seeded(), 3)) {
      await dies(log, dataDir, border)
    }
    await log.settle(await new Daemon({ dataDir, args: log.args }).ready())
  },
)

test(
  'F02: killed while the store is made, every line counts once',
  { timeout: (full ? 25 : 1) * 20_000 + 60_000 },
  async (context) => {
    context.skip(!canTrace, traceReason)
    for (const border of borders(makingCalls, makingK, seeded(), 1)) {
      const dir = folder()
      const log = new RequestLog(dir)
      const dataDir = join(dir, 'data')
      log.append(50)
      await dies(log, dataDir, border)
      await log.settle(await new Daemon({ dataDir, args: log.args }).ready())
    }
  },
)

/** Runs a daemon that is killed at its Kth call, busy until then. */
async function dies(log: RequestLog, dataDir: string, { call, k }: Border): Promise<void> {
  const prefix = traced([`inject=${call}:signal=KILL:when=${k}`])
  const daemon = new Daemon({ dataDir, args: log.args, prefix })
  // A daemon that stands on files of its own renames nothing: those it is killed in by hand.
  const isRare = ['rename', 'unlink', 'ftruncate'].includes(call)
  const end = performance.now() + (isRare ? 2_000 : diesWithinMs)
  for (let turn = 0; daemon.running && performance.now() < end; turn++) {
    log.append(20)
    await commits(daemon, turn)
    // A daemon that answers no more must not be flooded: each line of the log is read again here.
    await delay(turnMs)
  }
  expect(isRare || !daemon.running, `${call} ${k}: ${daemon.stderr}`).toBe(true)
  const { signal } = await daemon.kill()
  expect(signal, daemon.stderr).toBe('SIGKILL')
}

/** A report that is answered stands in the store. */
async function commits(daemon: Daemon, turn: number): Promise<void> {
  try {
    const body = JSON.stringify({ sha: (0x3b77d0c000 + turn).toString(16) })
    const headers = { 'content-type': 'application/json' }
    const signal = AbortSignal.timeout(5_000)
    await fetch(`${await daemon.up()}/api/v1/deploys`, { method: 'POST', headers, body, signal })
  } catch {
    // It died meanwhile.
  }
}
