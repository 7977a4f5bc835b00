/** F56: the file of a rule is changed or removed while its alert fires, over a restart. An unchanged
 *  rule goes on; the alert of a changed one ends, once, and what still holds begins anew. */
import { rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Alerting, rule } from './alerting.ts'
import { until } from './daemon.ts'

test('F56: each change of a rule ends its alert once, and nothing is sent twice', async () => {
  const scene = await Alerting.begin()
  let daemon = await scene.start().ready()
  const telling = (count: number) =>
    until(`${count} pages`, () => scene.hook.deliveries.length >= count, 30_000, () => scene.told().join()) // prettier-ignore
  const restart = async () => {
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
    daemon = await scene.start().ready()
  }
  await telling(1)

  await restart()
  await daemon.lines(scene.log, scene.lines)
  expect(scene.told()).toEqual(['firing'])

  writeFileSync(scene.rulePath, rule.replace('status:500', 'status:503'))
  await restart()
  await telling(2)
  expect(scene.told()).toEqual(['firing', 'resolved'])

  writeFileSync(scene.rulePath, rule)
  await restart()
  await telling(3)

  writeFileSync(scene.rulePath, rule.replace('num_events: 20', 'num_events: 15'))
  await restart()
  await telling(5)
  expect(scene.told()).toEqual(['firing', 'resolved', 'firing', 'resolved', 'firing'])

  rmSync(scene.rulePath)
  writeFileSync(scene.rulePath, rule.replace('name: failing', 'name: other').replace('status:500', 'status:503')) // prettier-ignore
  await restart()
  await telling(6)
  const { transitions, openGroups, panes } = await scene.settle(daemon)
  expect(scene.told()).toEqual(['firing', 'resolved', 'firing', 'resolved', 'firing', 'resolved'])
  expect(transitions.map(({ kind }) => kind)).toEqual(scene.told())
  expect(panes['requests ']).toBe(scene.lines)
  expect(openGroups).toBe(0)
})
