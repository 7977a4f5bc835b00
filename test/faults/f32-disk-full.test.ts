/** F32: the disk of the data directory fills up while logs grow. Reading stops, nothing is dropped,
 *  health says so, and it goes on by itself when there is room again. */
import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readBooks } from './books.ts'
import { Daemon, folder, until } from './daemon.ts'
import { fill, smallDisk } from './small-disk.ts'
import { accessTime } from './writer.ts'

const diskMiB = 32

test('F32: a full disk stops the reading, is told, and loses and repeats nothing', async (context) => {
  const dir = folder()
  const disk = smallDisk(dir, diskMiB)
  if (disk === null) return context.skip('needs the right to mount a tmpfs')
  const log = join(dir, 'access.log')
  let written = 0
  const write = (count: number) => {
    appendFileSync(log, failures(written, count))
    written += count
  }
  write(200)
  // Below the mount point: a daemon may be stopped on a full disk, and its own folder goes away.
  const dataDir = join(disk, 'data')
  const args = [log, '--parser', 'apache_combined', '--rules', 'none', '--port', '0']
  const daemon = await new Daemon({ dataDir, args }).ready()
  await daemon.lines(log, written)

  const ballast = fill(disk)
  await until('health to tell', async () => {
    write(100)
    return (await daemon.health()).status === 503
  })
  expect((await daemon.health()).reasons).toEqual([
    `the disk of ${dataDir} is full: free some space; nothing is dropped meanwhile`,
  ])
  write(2_000)
  expect(daemon.running).toBe(true)
  const complaints = daemon.stderr.match(/"code":"STORE_FULL"/g) ?? []
  expect(complaints.length).toBeGreaterThan(0)

  rmSync(ballast)
  await until('health to be well again', async () => (await daemon.health()).status === 200)
  write(100)
  await daemon.lines(log, written)
  expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
  const { panes, integrity } = await readBooks(dataDir)
  expect(panes['requests ']).toBe(written)
  expect(integrity).toEqual(['ok', 'ok'])
})

test('F32: a daemon that is stopped or killed on a full disk has lost nothing', async (context) => {
  const dir = folder()
  const disk = smallDisk(dir, diskMiB)
  if (disk === null) return context.skip('needs the right to mount a tmpfs')
  const log = join(dir, 'access.log')
  appendFileSync(log, failures(0, 300))
  const dataDir = join(disk, 'data')
  const args = [log, '--parser', 'apache_combined', '--rules', 'none', '--port', '0']
  let written = 300
  for (const ending of ['SIGTERM', 'SIGKILL'] as const) {
    const daemon = await new Daemon({ dataDir, args }).ready()
    await daemon.lines(log, written)
    const ballast = fill(disk)
    await until('health to tell', async () => {
      appendFileSync(log, failures(written, 100))
      written += 100
      return (await daemon.health()).status === 503
    })
    const asked = performance.now()
    daemon.signal(ending)
    const ended = await daemon.ended
    // What the store did not take is said by the status as well.
    const expected = { SIGTERM: { code: 4, signal: null }, SIGKILL: { code: null, signal: ending } }
    expect(ended, daemon.stderr).toEqual(expected[ending])
    expect(performance.now() - asked).toBeLessThan(10_000)
    rmSync(ballast)
  }
  const daemon = await new Daemon({ dataDir, args }).ready()
  await daemon.lines(log, written)
  expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
  expect((await readBooks(dataDir)).panes['requests ']).toBe(written)
})

/** Requests that the index keeps, so that they take room. */
function failures(from: number, count: number): string {
  const head = `10.0.0.7 - - [${accessTime(Date.now())}]`
  const numbers = Array.from({ length: count }, (_, index) => from + index)
  return numbers
    .map((n) => `${head} "GET /${n}?${'x'.repeat(200)} HTTP/1.1" 500 512 "-" "-"\n`)
    .join('')
}
