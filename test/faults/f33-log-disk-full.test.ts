/** F33: the disk that the logs lie on is full, the data directory's is not. The writer loses what it
 *  cannot write; the daemon is unhurt and counts what is there. */
import { appendFileSync, closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Daemon, folder } from './daemon.ts'
import { RequestLog } from './requests.ts'
import { fill, smallDisk } from './small-disk.ts'

test('F33: a full log disk leaves the daemon well, and lines that fit later count once', async (context) => {
  const dir = folder()
  const disk = smallDisk(dir, 4)
  if (disk === null) return context.skip('needs the right to mount a tmpfs')
  const full = new RequestLog(disk)
  const other = new RequestLog(dir, 'other.log')
  full.append(500)
  const [, ...options] = full.args
  const args = [full.path, other.path, ...options]
  const daemon = await new Daemon({ dataDir: join(dir, 'data'), args }).ready()
  await daemon.lines(full.path, 500)

  const ballast = fill(disk)
  const cut = cutLine(full.path)
  expect(cut).toBeGreaterThan(0)
  other.append(500)
  await daemon.lines(other.path, 500)
  expect(await daemon.health()).toEqual({ status: 200, reasons: [] })
  expect((await daemon.status()).sources.map(({ fault }) => fault)).toEqual([null, null])

  rmSync(ballast)
  // The writer goes on behind what it had cut off: the torn line and the next are one.
  appendFileSync(full.path, '\n')
  full.append(500)
  await daemon.lines(full.path, 1_001)
  expect(await daemon.lines(full.path, 1_001)).toMatchObject({ events: 1_000, unparsed: 1 })
  other.append(5)
  await daemon.lines(other.path, 505)
  expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
})

/** Writes unfinished text until nothing more fits. @returns Bytes that fitted. */
function cutLine(path: string): number {
  const file = openSync(path, 'a')
  let written = 0
  try {
    for (;;) written += writeSync(file, 'x'.repeat(100))
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
    return written
  } finally {
    closeSync(file)
  }
}
