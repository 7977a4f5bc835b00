/** F49: times in logs that lie in the future or the past, that are no times, or that are not there;
 *  and the turn of a year. Every line counts, at its own time where that can be; none decides
 *  anything that it should not. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStateReader } from '../../src/store/sqlite.ts'
import { readBooks } from './books.ts'
import { Daemon, folder } from './daemon.ts'
import { accessTime } from './writer.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const newYear = Date.UTC(2026, 0, 1)

test('F49: lines of the future, of the past and without a time are counted and decide nothing', async () => {
  const dir = folder()
  const [access, plain, turn] = ['access.log', 'plain.log', 'turn.log'].map((name) => join(dir, name)) as [string, string, string] // prettier-ignore
  const config = join(dir, 'lastpush.yaml')
  mkdirSync(join(dir, 'rules'))
  writeFileSync(
    join(dir, 'rules', 'any.yaml'),
    'name: any\ntype: frequency\nquery: status:500\nnum_events: 5\ntimeframe: 1m\n',
  )
  const source = (path: string, parser: string) =>
    `{ file: { paths: [${path}], from: beginning }, parser: ${parser} }`
  writeFileSync(
    config,
    `lateness: 5s
sources: [${source(access, 'apache_combined')}, ${source(plain, 'plain')}, ${source(turn, 'apache_error')}]
zone: UTC
rules: [rules/*.yaml]
http: { port: 0 }
`,
  )
  const now = Math.floor(Date.now() / 1_000) * 1_000
  const line = (ms: number, status: number) =>
    `10.0.0.7 - - [${accessTime(ms)}] "GET / HTTP/1.1" ${status} 512 "-" "-"\n`
  // Late by a day and by decades; a little ahead; far ahead; and what is no time at all.
  writeFileSync(access, line(now, 200))
  appendFileSync(access, line(now - dayMs, 500).repeat(40))
  appendFileSync(access, line(0, 500).repeat(10))
  appendFileSync(access, line(now + 4 * minuteMs, 200))
  appendFileSync(access, line(now + dayMs, 200).repeat(30))
  appendFileSync(access, line(Date.UTC(9999, 11, 31), 200).repeat(5))
  appendFileSync(
    access,
    line(now, 200)
      .replace(/Nov|\w{3}(?=\/2)/, 'Foo')
      .repeat(3),
  )
  writeFileSync(plain, 'no time here\n'.repeat(20))
  writeFileSync(
    turn,
    ['[Wed Dec 31 23:59:59 2025]', '[Thu Jan 01 00:00:00 2026]', '[Thu Jan 01 00:00:01 2026]']
      .map((time) => `${time} [error] turn\n`)
      .join(''),
  )
  const daemon = await new Daemon({ dataDir: join(dir, 'data'), args: ['-c', config] }).ready()
  await daemon.lines(access, 90)
  await daemon.lines(plain, 20)
  await daemon.lines(turn, 3)
  expect(await daemon.lines(access, 90)).toMatchObject({ events: 87, unparsed: 3, lines: 90 })
  expect(await daemon.metric('lastpush_clamped_total')).toBe(35)
  expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })

  const { panes, transitions } = await readBooks(daemon.dataDir)
  expect(transitions).toEqual([])
  expect(panes['requests ']).toBe(87)
  expect(await requests(daemon.dataDir, now - dayMs)).toEqual({ count: 0, late: 40 })
  expect(await requests(daemon.dataDir, 0)).toEqual({ count: 0, late: 10 })
  expect(await requests(daemon.dataDir, now + 4 * minuteMs)).toEqual({ count: 1, late: 0 })
  expect(await levels(daemon.dataDir, newYear)).toEqual([1, 1, 1])
})

async function panesIn(dataDir: string, fromMs: number, toMs: number) {
  const reader = await openStateReader(dataDir)
  const panes = await reader.panes({ from: fromMs / 1_000, to: toMs / 1_000 })
  await reader.close()
  return panes
}

/** Requests of one second. */
async function requests(dataDir: string, ms: number) {
  const panes = await panesIn(dataDir, ms, ms + 1_000)
  const of = panes.filter(({ kind }) => kind === 'requests')
  return {
    count: of.reduce((sum, { count }) => sum + count, 0),
    late: of.reduce((sum, { late }) => sum + late, 0),
  }
}

/** Errors of the seconds around a moment. */
async function levels(dataDir: string, ms: number): Promise<number[]> {
  const seconds = [ms - 1_000, ms, ms + 1_000]
  const panes = await Promise.all(seconds.map((at) => panesIn(dataDir, at, at + 1_000)))
  return panes.map((of) => of.filter(({ kind }) => kind === 'level').reduce((sum, { count, late }) => sum + count + late, 0)) // prettier-ignore
}
