import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/flow/time.ts'
import { QuietWatch } from '../../src/sources/quiet-watch.ts'
import { Ticker } from '../../src/sources/ticker.ts'
import { until } from '../contract/source.ts'
import { LogDir } from './log-dir.ts'

describe('a watch of a quiet file', () => {
  test('tells of the first change and then no more', async () => {
    const logs = new LogDir()
    logs.append('app.log', '')
    const watch = new QuietWatch()
    let told = 0
    expect(watch.start(logs.path('app.log'), () => (told += 1))).toBe(true)
    logs.append('app.log', 'a line\n')
    await until(() => told === 1)
    logs.append('app.log', 'another\n')
    // A second watch is told of a later change: whatever the first had to tell came before.
    let later = 0
    expect(watch.start(logs.path('app.log'), () => (later += 1))).toBe(true)
    logs.append('app.log', 'third\n')
    await until(() => later === 1)
    expect(told).toBe(1)
    watch.close()
  })

  test('tells of a rename as well', async () => {
    const logs = new LogDir()
    logs.append('app.log', '')
    const watch = new QuietWatch()
    let told = 0
    watch.start(logs.path('app.log'), () => (told += 1))
    logs.rename('app.log', 'app.log.1')
    await until(() => told === 1)
    watch.close()
  })

  test('begins once, not beyond its bound, and not where there is no file', () => {
    const logs = new LogDir()
    for (const name of ['a.log', 'b.log']) logs.append(name, '')
    const watch = new QuietWatch(1)
    expect(watch.start(logs.path('nothing.log'), () => {})).toBe(false)
    expect(watch.start(logs.path('a.log'), () => {})).toBe(true)
    expect(watch.start(logs.path('a.log'), () => {})).toBe(false)
    expect(watch.start(logs.path('b.log'), () => {})).toBe(false)
    watch.stop(logs.path('a.log'))
    expect(watch.start(logs.path('b.log'), () => {})).toBe(true)
    watch.close()
  })
})

test('a sleeper is woken under its key before its time, and the others sleep on', async () => {
  const clock = new ManualClock(0)
  const ticker = new Ticker(clock)
  const woken: string[] = []
  const sleepers = ['a', 'b'].map((key) => ticker.wait(1_000, key).then(() => woken.push(key)))
  ticker.wake('a')
  await sleepers[0]
  clock.advance(1_000)
  ticker.tick()
  await Promise.all(sleepers)
  expect(woken).toEqual(['a', 'b'])
})

test('a directory of this machine is local, one that is not there is not', async () => {
  const watch = new QuietWatch()
  const logs = new LogDir()
  expect(await watch.isLocal(logs.path('app.log'))).toBe(true)
  expect(await watch.isLocal(logs.path('none/app.log'))).toBe(false)
})
