/** F48: the wall clock of the machine is set while an alert fires: an hour on and back, a leap second,
 *  a year on, to the beginning of the epoch. Logs keep their times. Nothing fires, resolves or is
 *  sent again by it. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Alerting } from './alerting.ts'
import { full, until } from './daemon.ts'

const library = findLibrary()
const hour = 3_600
/** Seconds by which the clock is set. */
const steps = [hour, -hour, -1, 400 * 24 * hour]
/** Last, since lines that come while the clock is far behind them count where it stands. */
const toTheEpoch = -Math.floor(Date.now() / 1_000)
const rounds = full ? 10 : 1

test(
  'F48: a clock that is set on or back neither fires, nor resolves, nor sends anything again',
  { timeout: rounds * 20_000 + 60_000 },
  async (context) => {
    if (library === null) return context.skip('needs libfaketime')
    const scene = await Alerting.begin()
    const offset = join(scene.dir, 'clock')
    const set = (seconds: number) => writeFileSync(offset, `${seconds < 0 ? '' : '+'}${seconds}\n`)
    set(0)
    // The files' times stay as they are, and so does the monotonic clock.
    const daemon = await scene.start(['env', `LD_PRELOAD=${library}`, `FAKETIME_TIMESTAMP_FILE=${offset}`, 'FAKETIME_NO_CACHE=1', 'DONT_FAKE_MONOTONIC=1', 'NO_FAKE_STAT=1']).ready() // prettier-ignore
    await until('the alert to be told', () => scene.hook.deliveries.length > 0)
    for (let round = 0; round < rounds; round++) {
      for (const seconds of round === rounds - 1 ? [...steps, toTheEpoch] : steps) {
        set(seconds)
        await until('the daemon to live by it', async () => {
          const { lagSeconds } = (await daemon.status()).sources[0] ?? { lagSeconds: null }
          return Math.abs((lagSeconds ?? 0) - Math.max(0, seconds)) < 60
        })
        await delay(400)
        set(0)
        await delay(200)
        expect(scene.told(), `set by ${seconds} s`).toEqual(['firing'])
        expect((await daemon.status()).alerts).toEqual({ firing: 1, pending: 0 })
      }
    }
    scene.failing = false
    await until('the end to be told', () => scene.hook.deliveries.length > 1)
    const books = await scene.settle(daemon)
    expect(scene.told()).toEqual(['firing', 'resolved'])
    expect(books.transitions.map(({ kind }) => kind)).toEqual(['firing', 'resolved'])
  },
)

/** Where Debian's package puts it. */
function findLibrary(): string | null {
  const folders = readdirSync('/usr/lib', { withFileTypes: true })
  for (const { name } of folders.filter((entry) => entry.isDirectory())) {
    const dir = join('/usr/lib', name, 'faketime')
    try {
      if (readdirSync(dir).includes('libfaketimeMT.so.1')) return join(dir, 'libfaketimeMT.so.1')
    } catch {
      // No such folder.
    }
  }
  return null
}
