/** A real daemon that was down over rotations of the deploy log knows what was deployed meanwhile. */
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Deploy } from '../../src/model/deploy.ts'
import { Daemon, folder, until } from '../faults/daemon.ts'

const line = (minute: number, sha: string) =>
  `2026-11-23 14:${minute}:11|PROD|alice|web production deploy: old 8fe1c02a91, new: ${sha}|web|\n`

test('deploys of rotated logs are known at the start, each once', async () => {
  const dir = folder()
  const [log, deployLog, config] = ['access.log', 'deployinator.log', 'lastpush.yaml'].map((name) =>
    join(dir, name),
  ) as [string, string, string]
  writeFileSync(log, '')
  writeFileSync(config, 'http: { port: 0 }\ndeploys: [{ log: deployinator.log }]\n')
  writeFileSync(deployLog, line(20, 'bbbbbbb2'))
  writeFileSync(`${deployLog}.1`, line(10, 'aaaaaaa1'))
  const args = [log, '--rules', 'none', '-c', config]
  const data = join(dir, 'data')
  const shasOf = async (daemon: Daemon, count: number) =>
    until(`${count} deploys`, async () => {
      const answer = await fetch(`${await daemon.up()}/api/v1/deploys`)
      const deploys = (await answer.json()) as Deploy[]
      return deploys.length === count && deploys.map(({ sha }) => sha)
    })
  const first = await new Daemon({ dataDir: data, args }).ready()
  expect(await shasOf(first, 2)).toEqual(['bbbbbbb2', 'aaaaaaa1'])
  await first.stop()

  appendFileSync(deployLog, line(30, 'ccccccc3'))
  rmSync(`${deployLog}.1`)
  writeFileSync(`${deployLog}.2.gz`, gzipSync(line(20, 'bbbbbbb2') + line(30, 'ccccccc3')))
  renameSync(deployLog, `${deployLog}.1`)
  writeFileSync(`${deployLog}.1`, line(40, 'ddddddd4'))
  writeFileSync(deployLog, line(50, 'eeeeeee5'))
  const second = await new Daemon({ dataDir: data, args }).ready()
  const all = ['eeeeeee5', 'ddddddd4', 'ccccccc3', 'bbbbbbb2', 'aaaaaaa1']
  expect(await shasOf(second, 5)).toEqual(all)
  await second.stop()
  expect(second.stderr).not.toContain('not read')
})
