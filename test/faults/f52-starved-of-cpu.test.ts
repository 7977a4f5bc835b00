/** F52: the daemon gets a small share of one core, beside programs that take all they can. It is
 *  slower, and loses nothing. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { Daemon, folder, full } from './daemon.ts'
import { RequestLog } from './requests.ts'

const rivals = full ? 8 : 3
const seconds = full ? 30 : 2

test(
  `F52: beside ${rivals} busy programs on its one core every line counts once`,
  { timeout: 180_000 },
  async (context) => {
    context.skip(spawnSync('taskset', ['--version']).status !== 0, 'needs taskset')
    const dir = folder()
    const log = new RequestLog(dir)
    const daemon = await new Daemon({ dataDir: join(dir, 'data'), args: log.args }).ready()
    // All its threads, on the core of its rivals, behind everybody.
    const { pid } = daemon
    expect(spawnSync('taskset', ['-a', '-c', '-p', '0', String(pid)]).status).toBe(0)
    expect(spawnSync('renice', ['-n', '19', '-p', String(pid)]).status).toBe(0)
    const ends = Array.from({ length: rivals }, rival)
    for (let tick = 0; tick < seconds * 10; tick++) {
      log.append(200)
      await delay(100)
    }
    const health = await daemon.health()
    expect(health).toEqual({ status: 200, reasons: [] })
    await Promise.all(ends.map((end) => end()))
    await log.settle(daemon)
  },
)

/** A busy loop on the same core; of lower rank than what else runs on this machine. */
function rival(): () => Promise<void> {
  const line = ['-c', '0', 'nice', '-n', '10', 'sh', '-c', 'while :; do :; done']
  const busy = spawn('taskset', line, { stdio: 'ignore' })
  const ended = once(busy, 'exit')
  const end = async () => {
    busy.kill('SIGKILL')
    await ended
  }
  onTestFinished(end)
  return end
}
