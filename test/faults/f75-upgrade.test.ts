/** F75: one build is stopped and another started in its place, over the store of an older schema,
 *  while an alert fires. Nothing is counted or told again. */
import { cpSync, symlinkSync, writeFileSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { Alerting } from './alerting.ts'
import { folder, program, until } from './daemon.ts'
import { asFirstIndex } from './older-store.ts'

test('F75: an upgrade under a firing alert counts and tells nothing again', async () => {
  // The requests must not pause for as long as the copying takes.
  const next = otherBuild(folder())
  const scene = await Alerting.begin()
  const old = await scene.start().ready()
  await until('the alert to be told', () => scene.hook.deliveries.length > 0)
  expect(await old.stop(), old.stderr).toEqual({ code: 0, signal: null })
  expect(asFirstIndex(scene.dataDir)).toBeGreaterThan(0)

  const upgraded = await scene.start([], next).ready()
  expect((await upgraded.status()).version).toBe('99.0.0')
  await upgraded.lines(scene.log, scene.lines)
  expect(scene.told()).toEqual(['firing'])
  scene.failing = false
  await until('the end to be told', () => scene.hook.deliveries.length > 1)
  const { transitions, notifications, indexed, backlog, panes } = await scene.settle(upgraded)
  expect(scene.told()).toEqual(['firing', 'resolved'])
  expect(transitions.map(({ kind }) => kind)).toEqual(['firing', 'resolved'])
  expect(new Set(notifications.map(({ groupKey }) => groupKey)).size).toBe(1)
  expect(panes['requests ']).toBe(scene.lines)
  expect(indexed + backlog).toBe(panes['status 500'])
})

/** The same program as another version in another place. @returns Its main file. */
function otherBuild(dir: string): string {
  const root = dirname(dirname(program))
  const place = join(dir, 'lastpush-99')
  for (const part of ['dist', 'rules', 'parsers']) cpSync(join(root, part), join(place, part), { recursive: true }) // prettier-ignore
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'))
  const facts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as object
  writeFileSync(join(place, 'package.json'), JSON.stringify({ ...facts, version: '99.0.0' }))
  return join(place, 'dist', 'main.js')
}
