/** `status` of a real daemon names the log beside the configured one that nobody reads. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Status } from '../../src/server/view.ts'
import { command, Daemon, folder, until } from '../faults/daemon.ts'

test('status names a growing log that no source reads, and no longer once one does', async () => {
  const dir = folder()
  const [read, forgotten] = [join(dir, 'access.log'), join(dir, 'api.log')]
  for (const path of [read, forgotten]) writeFileSync(path, 'a line\n')
  const config = join(dir, 'lastpush.yaml')
  const data = join(dir, 'data')
  const source = (paths: string) => `http: { port: 0 }\nsources: [{ file: [${paths}] }]\n`
  writeFileSync(config, source('access.log'))
  const args = ['--rules', 'none', '-c', config]
  const daemon = await new Daemon({ dataDir: data, args }).ready()
  // Other logs of this machine may be in the list as well.
  const inDir = async () => (await daemon.status()).unread.filter(({ path }) => path.startsWith(dir)) // prettier-ignore
  const found = await until('the log to be named', async () => {
    const unread = await inDir()
    return unread.length > 0 && unread
  })
  expect(found).toEqual([{ path: forgotten, bytes: 7, grewBytes: null }])
  const text = command(['status', '--data', data]).stdout
  expect(text).toContain(`\n  not read: ${forgotten} (was written to lately; add it to sources)\n`)
  expect(text).not.toContain(`not read: ${read}`)
  await daemon.stop()
  const rest = JSON.parse(command(['status', '--data', data, '--json']).stdout) as Status
  expect(rest.unread).toEqual([])

  writeFileSync(config, source('access.log, api.log'))
  appendFileSync(forgotten, 'another line\n')
  const third = join(dir, 'third.log')
  writeFileSync(third, 'a line\n')
  const again = await new Daemon({ dataDir: data, args }).ready()
  const paths = async () =>
    (await again.status()).unread.map(({ path }) => path).filter((path) => path.startsWith(dir))
  expect(await until('a look', async () => ((await paths()).length > 0 ? paths() : null))).toEqual([third]) // prettier-ignore
})
