/** F01: SIGKILL at random moments while lines are written, alerts fire and deploys go out. */
import { expect, test } from 'vitest'
import { full } from './daemon.ts'
import { Storm } from './storm.ts'

const kills = full ? 200 : 20

test(
  `F01: after ${kills} kills at random every line is counted once and every transition delivered`,
  { timeout: kills * 5_000 + 60_000 },
  async () => {
    const storm = await Storm.begin()
    for (let kill = 0; kill < kills; kill++) {
      const daemon = storm.start()
      // Some die while they start, most while they work.
      if (kill % 4 !== 0) await daemon.ready()
      const pushed = kill % 4 === 0 ? null : storm.push(daemon)
      await storm.moment(700)
      await daemon.kill()
      await pushed
    }
    const books = await storm.settleAsReplayed(kills)
    expect(storm.writer.lines).toBeGreaterThan(kills * 500)
    expect(books.transitions.length).toBeGreaterThan(kills)
    expect(books.deploys.length).toBeGreaterThan(0)
  },
)
