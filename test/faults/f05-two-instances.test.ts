/** F05: a second daemon on the same data directory. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command } from './daemon.ts'
import { Storm } from './storm.ts'

test('F05: a second instance is refused by name, and the first goes on unhurt', async () => {
  const storm = await Storm.begin()
  const first = await storm.start().ready()
  for (let round = 0; round < 3; round++) {
    const second = storm.start()
    expect(await second.ended).toEqual({ code: 4, signal: null })
    expect(second.stderr.trim().split('\n').at(-1)).toMatch(
      new RegExp(
        `^lastpush: another lastpush \\(process ${first.pid}, since \\d{4}-.*Z\\) works in ` +
          `${storm.dataDir}: stop it first, or name another directory by --data \\[STORE_LOCKED\\]$`,
      ),
    )
  }
  // What commands find the first by is still there.
  expect(existsSync(join(storm.dataDir, 'daemon.json'))).toBe(true)
  expect(command(['status', '--data', storm.dataDir]).stdout).toContain(await first.up())
  expect(await first.stop(), first.stderr).toEqual({ code: 0, signal: null })
  await storm.settle(1)
})
