/** F06: a lock that a killed daemon has left, with the process id of somebody who is alive. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Storm } from './storm.ts'

test('F06: a daemon starts over the lock of a killed one, though its process id lives', async () => {
  const storm = await Storm.begin()
  const killed = await storm.start().ready()
  await killed.lines(storm.writer.accessPath, 1_000)
  await killed.kill()
  const alive = process.pid
  writeFileSync(join(storm.dataDir, 'lock.json'), `{"pid":${alive}}\n`)
  writeFileSync(
    join(storm.dataDir, 'daemon.json'),
    `{"origin":"http://127.0.0.1:1","pid":${alive}}`,
  )
  writeFileSync(join(storm.dataDir, 'lock'), `${alive}\n`)
  const next = await storm.start().ready()
  expect((await next.health()).status).toBe(200)
  // It holds the lock that it took over.
  const third = storm.start()
  expect((await third.ended).code).toBe(4)
  expect(third.stderr).toContain(`(process ${next.pid}, `)
  expect(await next.stop(), next.stderr).toEqual({ code: 0, signal: null })
  await storm.settle(2)
})
