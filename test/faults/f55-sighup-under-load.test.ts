/** F55: SIGHUP while everything is busy, and a configuration that is broken meanwhile. The daemon does
 *  not read its configuration anew: it says so, and goes on with what it has. */
import { expect, test } from 'vitest'
import { full, until } from './daemon.ts'
import { Storm } from './storm.ts'

const signals = full ? 100 : 20

test(
  `F55: ${signals} SIGHUPs under load change nothing, lose nothing and send nothing again`,
  { timeout: 120_000 },
  async () => {
    const storm = await Storm.begin()
    const daemon = await storm.start().ready()
    const restore = storm.breakConfig()
    for (let sent = 0; sent < signals; sent++) {
      daemon.signal('SIGHUP')
      await storm.moment(60)
    }
    await until('it to be said', () => daemon.stderr.includes('SIGHUP: restart to read the configuration again')) // prettier-ignore
    expect((await daemon.status()).rules).toHaveLength(2)
    expect((await daemon.health()).status).toBe(200)
    restore()
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
    await storm.settle(1)
  },
)
