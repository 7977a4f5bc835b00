/** F51: a backlog many times larger than the memory that the daemon may use. It stays below; and when
 *  the kernel kills it after all, the next one goes on where it was. */
import { closeSync, mkdirSync, openSync, readFileSync, rmdirSync, writeFileSync, writeSync } from 'node:fs' // prettier-ignore
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readBooks } from './books.ts'
import { Daemon, folder, full } from './daemon.ts'
import { accessTime } from './writer.ts'

const backlogMiB = full ? 5_120 : 128
const limitMiB = 200
/** Too little for what it reads ahead. */
const tooLittleMiB = 84
const groups = '/sys/fs/cgroup/memory'
const blockLines = 8_192

test(
  `F51: ${backlogMiB} MiB of backlog are counted below ${limitMiB} MiB, over kills for want of memory`,
  { timeout: full ? 900_000 : 120_000 },
  async (context) => {
    const group = memoryGroup()
    if (group === null) return context.skip('needs the memory controller of cgroup v1')
    const dir = folder()
    const log = join(dir, 'access.log')
    const lines = writeBacklog(log)
    const dataDir = join(dir, 'data')
    const args = [log, '--parser', 'apache_combined', '--port', '0']
    const inside = ['sh', '-c', `echo $$ > ${group}/cgroup.procs; exec "$@"`, 'sh']

    limit(group, tooLittleMiB)
    const poor = new Daemon({ dataDir, args, prefix: inside })
    await Promise.race([poor.ended, poor.lines(log, lines / 2).catch(() => {})])
    expect((await poor.kill()).signal).toBe('SIGKILL')

    limit(group, limitMiB)
    const daemon = await new Daemon({ dataDir, args, prefix: inside }).ready()
    const source = (await daemon.sources('all lines', ([one]) => (one?.lines ?? 0) >= lines, full ? 600_000 : 60_000))[0] // prettier-ignore
    expect(source).toMatchObject({ lines, events: lines })
    // Of itself: the pages of the log that it has read count in the group, as far as there is room.
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1]
    expect(Number(peak) / 1_024).toBeLessThan(limitMiB)
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
    expect((await readBooks(dataDir)).panes['requests ']).toBe(lines)
  },
)

/** A group of processes with a limit of its own; null where none can be made. */
function memoryGroup(): string | null {
  const group = join(groups, `lastpush-test-${process.pid}`)
  try {
    mkdirSync(group)
    onTestFinished(() => rmdirSync(group))
    limit(group, limitMiB)
    return group
  } catch {
    return null
  }
}

function limit(group: string, mib: number): void {
  writeFileSync(join(group, 'memory.limit_in_bytes'), String(mib * 2 ** 20))
}

/** @returns Lines written. */
function writeBacklog(path: string): number {
  const head = `10.0.0.7 - - [${accessTime(Date.now())}]`
  const numbers = Array.from({ length: blockLines }, (_, index) => index)
  const block = numbers
    .map(
      (n) =>
        `${head} "GET /p${n % 40}?n=${n} HTTP/1.1" ${n % 9 === 0 ? 404 : 200} 512 "-" "Mozilla/5.0"\n`,
    ) // prettier-ignore
    .join('')
  const file = openSync(path, 'w')
  const blocks = Math.ceil((backlogMiB * 2 ** 20) / block.length)
  for (let written = 0; written < blocks; written++) writeSync(file, block)
  closeSync(file)
  return blocks * blockLines
}
