/** `sources` of a real daemon: how far each log is, its metric and its API, and what is left of it
 *  when no daemon runs. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SourceStatus } from '../../src/server/view.ts'
import { command, Daemon, folder, until } from '../faults/daemon.ts'

test('sources names each log, hostile names escaped, with its position, lag, state and fault', async () => {
  const dir = folder()
  const plain = join(dir, 'app.log')
  const hostile = join(dir, '-rf $(id)\n*.log')
  const missing = join(dir, 'missing.log')
  for (const path of [plain, hostile]) writeFileSync(path, 'a line\n')
  const data = join(dir, 'data')
  const args = ['--rules', 'none', '--port', '0', '--parser', 'plain', plain, hostile, missing]
  const daemon = await new Daemon({ dataDir: data, args }).ready()
  await daemon.lines(plain, 1)
  await daemon.lines(hostile, 1)
  appendFileSync(plain, 'another\n')
  await daemon.lines(plain, 2)
  const isQuiet = (each: SourceStatus | undefined) => each?.reading?.state === 'quiet'
  const of = (all: readonly SourceStatus[], path: string) =>
    all.find(({ partition }) => partition === path)
  const all = await daemon.sources(
    'both to be quiet',
    (each) => isQuiet(of(each, plain)) && isQuiet(of(each, hostile)),
  )
  const atEnd = { state: 'quiet', behindBytes: 0, behindSeconds: 0 }
  expect(of(all, plain)?.reading).toMatchObject({ ...atEnd, position: 15 })
  expect(of(all, hostile)?.reading).toMatchObject({ ...atEnd, position: 7 })
  expect(of(all, missing)).toMatchObject({ reading: null, fault: 'no file matches' })
  const answer = await fetch(`${await daemon.up()}/api/v1/sources`)
  const asked = (await answer.json()) as SourceStatus[]
  expect(asked.map(({ partition }) => partition).sort()).toEqual([plain, hostile, missing].sort())
  const told = command(['sources', '--data', data])
  expect(told.code).toBe(0)
  expect(told.stdout).toMatch(/^3 sources \(http:\/\/127\.0\.0\.1:\d+\)\n/)
  expect(told.stdout).toContain(`  files  ${plain}  quiet at 15, all read, `)
  expect(told.stdout).toContain('-rf $(id)\\n*.log  quiet at 7, all read, ')
  expect(told.stdout).toContain('    fault: no file matches\n')
  const metrics = await (await fetch(`${await daemon.up()}/metrics`)).text()
  expect(metrics).toContain('lastpush_source_behind_bytes{source="files"} 0\n')
  expect(metrics).toContain('lastpush_source_behind_seconds{source="files"} 0\n')
  await daemon.stop()
  const rest = await until('the store', async () => command(['sources', '--data', data]).stdout)
  expect(rest).toContain(`  files  ${plain}  not running, 2 lines so far\n`)
})
