/** F73: standard output and error that are closed, whose reader has gone, or who is never read. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readBooks } from './books.ts'
import { Daemon, folder, until, type RunOptions } from './daemon.ts'
import { accessTime } from './writer.ts'

test.each([
  ['both are closed', '>&- 2>&-'],
  ['output is closed', '>&-'],
  ['errors are closed', '2>&-'],
])('F73: counts and alerts when %s from the start', async (_what, redirection) => {
  const dir = folder()
  const prefix = ['sh', '-c', `exec "$@" ${redirection}`, 'sh']
  await counts(dir, new Daemon({ ...scene(dir), prefix }))
})

test('F73: counts and alerts when the reader of both has gone', async () => {
  const dir = folder()
  const pipe = openPipe(dir)
  const daemon = new Daemon({ ...scene(dir), output: [pipe.write, pipe.write] })
  await daemon.ready()
  pipe.close()
  await counts(dir, daemon)
})

test('F73: counts and alerts when both go into a pipe that is full and never read', async () => {
  const dir = folder()
  const pipe = openPipe(dir)
  pipe.fill()
  await counts(dir, new Daemon({ ...scene(dir), output: [pipe.write, pipe.write] }))
})

/** Lines, whose alerts go to the console, are counted three times in a row, and it can be stopped. */
async function counts(dir: string, daemon: Daemon): Promise<void> {
  const log = join(dir, 'access.log')
  await daemon.ready()
  for (let round = 1; round <= 3; round++) {
    appendFileSync(log, failures(round, 400))
    await daemon.lines(log, round * 400)
    expect((await daemon.health()).status).toBe(200)
  }
  await until('an alert', async () => (await daemon.status()).alerts.firing > 0)
  const asked = performance.now()
  expect(await daemon.stop()).toEqual({ code: 0, signal: null })
  expect(performance.now() - asked).toBeLessThan(10_000)
  const books = await readBooks(daemon.dataDir)
  expect(books.panes['requests ']).toBe(1_200)
  expect(books.transitions.length).toBeGreaterThan(0)
}

/** A named pipe, held open at both ends so that opening it waits for nobody. */
function openPipe(dir: string): { write: number; fill: () => void; close: () => void } {
  const path = join(dir, 'pipe')
  expect(spawnSync('mkfifo', [path]).status).toBe(0)
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const write = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  let open = true
  const close = () => {
    if (open) [read, write].forEach(closeSync)
    open = false
  }
  const fill = () => {
    for (const size of [4_096, 1]) writeAll(write, Buffer.alloc(size, 'x'))
  }
  onTestFinished(close)
  return { write, fill, close }
}

function writeAll(file: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(file, bytes)
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN')
  }
}

function scene(dir: string): RunOptions {
  const config = join(dir, 'lastpush.yaml')
  const log = join(dir, 'access.log')
  const rule =
    'name: failure\ntype: frequency\nquery: status:500\nnum_events: 1\ntimeframe: 1s\n' +
    'keep_firing_for: 1h\nby: [path]\n'
  writeFileSync(log, '')
  writeFileSync(join(dir, 'rule.yaml'), rule)
  writeFileSync(
    config,
    `lateness: 0s
sources: [{ file: { paths: [${log}], from: beginning }, parser: apache_combined }]
rules: [rule.yaml]
route: { group_wait: 0s }
http: { port: 0 }
`,
  )
  return { dataDir: join(dir, 'data'), args: ['-c', config] }
}

/** Each on a path of its own, hence an alert of its own. */
function failures(round: number, count: number): string {
  const head = `10.0.0.7 - - [${accessTime(Date.now())}]`
  const numbers = Array.from({ length: count }, (_, index) => round * count + index)
  return numbers.map((n) => `${head} "GET /${n} HTTP/1.1" 500 512 "-" "-"\n`).join('')
}
