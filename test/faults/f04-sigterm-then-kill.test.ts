/** F04: SIGKILL comes 50 ms after SIGTERM, in the middle of the drain. */
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'vitest'
import { full } from './daemon.ts'
import { Storm } from './storm.ts'

const rounds = full ? 100 : 5
const graceMs = 50

test(
  `F04: ${rounds} stops cut off by a kill count every line once`,
  { timeout: rounds * 8_000 + 60_000 },
  async () => {
    const storm = await Storm.begin()
    for (let round = 0; round < rounds; round++) {
      const daemon = await storm.start().ready()
      await storm.moment(300)
      daemon.signal('SIGTERM')
      await delay(graceMs)
      await daemon.kill()
    }
    await storm.settle(rounds)
  },
)
