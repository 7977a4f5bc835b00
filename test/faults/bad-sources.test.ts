/** Logs that are not what they should be, under a daemon that goes on: each is told with its place
 *  in `status` and on the log, and is read as soon as it can be. */
import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs' // prettier-ignore
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readBooks } from './books.ts'
import { command, Daemon, folder } from './daemon.ts'
import { accessTime } from './writer.ts'

const mib = 1_048_576

function request(status = 200): string {
  return `10.0.0.7 - - [${accessTime(Date.now())}] "GET / HTTP/1.1" ${status} 512 "-" "-"\n`
}

function options(dir: string, paths: readonly string[], more: readonly string[] = []) {
  const args = [...paths, '--parser', 'apache_combined', '--rules', 'none', '--port', '0', ...more]
  return { dataDir: join(dir, 'data'), args }
}

test('a path below a file, a directory and an empty glob are told, and read when they can be', async () => {
  const dir = folder()
  const good = join(dir, 'good.log')
  writeFileSync(good, request())
  const below = join(good, 'below.log')
  const directory = join(dir, 'folder.log')
  mkdirSync(directory)
  const glob = join(dir, 'late', '*.log')
  const daemon = await new Daemon(options(dir, [good, below, directory, glob])).ready()
  await daemon.lines(good, 1)
  const sources = await daemon.sources('the faults', (all) => {
    return all.filter(({ fault }) => fault !== null).length === 3
  })
  const faults = new Map(sources.map(({ partition, fault }) => [partition, fault]))
  expect(faults.get(good)).toBeNull()
  expect(faults.get(below)).toMatch(/^cannot read: ENOTDIR/)
  expect(faults.get(directory)).toBe('is a directory; name a glob such as DIR/*.log')
  expect(faults.get(glob)).toBe('no file matches')
  for (const path of [below, directory, glob]) expect(daemon.stderr).toContain(JSON.stringify(path))
  expect(command(['status', '--data', daemon.dataDir]).stdout).toContain('fault: no file matches')

  rmSync(directory, { recursive: true })
  writeFileSync(directory, request())
  mkdirSync(join(dir, 'late'))
  writeFileSync(join(dir, 'late', 'one.log'), request())
  await daemon.lines(directory, 1)
  await daemon.lines(join(dir, 'late', 'one.log'), 1)
  const healed = await daemon.sources('one fault to be left', (all) => {
    return all.filter(({ fault }) => fault !== null).length === 1
  })
  expect(healed.find(({ fault }) => fault !== null)?.partition).toBe(below)
})

test('a log that this user may not read is told, and read when he may', async (context) => {
  context.skip(process.geteuid?.() !== 0, 'needs root to become a lesser user')
  const dir = folder()
  const log = join(dir, 'secret.log')
  chmodSync(dir, 0o777)
  writeFileSync(log, request())
  chmodSync(log, 0o600)
  const prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const daemon = await new Daemon({ ...options(dir, [log]), prefix }).ready()
  const [source] = await daemon.sources('the fault', ([each]) => each?.fault != null)
  expect(source?.fault).toMatch(/^cannot read: EACCES: permission denied/)
  chmodSync(log, 0o644)
  expect((await daemon.lines(log, 1)).fault).toBeNull()
})

test('a binary file and invalid UTF-8 are counted line by line, and good lines among them too', async () => {
  const dir = folder()
  const log = join(dir, 'access.log')
  const noise = Buffer.from(Array.from({ length: 65_536 }, (_, at) => (at * 7_919) % 256))
  const newlines = noise.filter((byte) => byte === 10).length
  const cutUtf8 = Buffer.from(request().replace('GET /', 'GET /\xc3\x28\xff'), 'latin1')
  writeFileSync(log, Buffer.concat([noise, Buffer.from('\n'), cutUtf8, Buffer.from(request())]))
  const daemon = await new Daemon(options(dir, [log])).ready()
  const source = await daemon.lines(log, newlines + 3)
  expect(source).toMatchObject({ lines: newlines + 3, events: 2, unparsed: newlines + 1 })
  const shown = command(['status', '--data', daemon.dataDir])
  expect(shown.code).toBe(0)
  // Nothing of it may reach the terminal as it is.
  expect(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(shown.stdout)).toBe(false)
  await daemon.stop()
  expect((await readBooks(daemon.dataDir)).panes['requests ']).toBe(2)
})

test('a line of 64 MiB is one line, cut and counted, in bounded memory', async () => {
  const dir = folder()
  const log = join(dir, 'access.log')
  writeFileSync(log, request())
  const daemon = await new Daemon(options(dir, [log])).ready()
  await daemon.lines(log, 1)
  const before = residentBytes(daemon.pid)
  const part = Buffer.alloc(mib, 'a')
  for (let written = 0; written < 64; written++) appendFileSync(log, part)
  appendFileSync(log, `\n${request(404)}${request(500)}`)
  const source = await daemon.lines(log, 4)
  expect(source).toMatchObject({ lines: 4, events: 3, unparsed: 1 })
  expect(source.unparsedSamples.map(({ line }) => line.length)).toEqual([500])
  expect(peakBytes(daemon.pid) - before).toBeLessThan(64 * mib)
  const metrics = await (await fetch(`${await daemon.up()}/metrics`)).text()
  expect(metrics).toMatch(/^lastpush_cut_total\{.*\} 1$/m)
  await daemon.stop()
  const { panes } = await readBooks(daemon.dataDir)
  expect(panes).toMatchObject({ 'status 200': 1, 'status 404': 1, 'status 500': 1 })
})

test('a log that vanishes and comes back is followed on', async () => {
  const dir = folder()
  const log = join(dir, 'access.log')
  writeFileSync(log, request().repeat(5))
  const daemon = await new Daemon(options(dir, [log])).ready()
  await daemon.lines(log, 5)
  renameSync(log, join(dir, 'access.log.1'))
  await daemon.sources('the fault', ([each]) => each?.fault === 'no file matches')
  writeFileSync(log, request().repeat(3))
  expect((await daemon.lines(log, 8)).fault).toBeNull()
})

/** Resident memory of a process now, bytes. */
function residentBytes(pid: number): number {
  return memory(pid, 'VmRSS')
}

/** The most that it ever was. */
function peakBytes(pid: number): number {
  return memory(pid, 'VmHWM')
}

function memory(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1_024
}
