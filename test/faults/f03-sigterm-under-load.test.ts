/** F03: SIGTERM in the middle of the work. The daemon drains, commits and says so by its status. */
import { connect } from 'node:net'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readBooks } from './books.ts'
import { Daemon, folder, full, until } from './daemon.ts'
import { startHook } from './hook.ts'
import { Storm } from './storm.ts'
import { accessTime } from './writer.ts'

const rounds = full ? 50 : 5
const exitLimitMs = 10_000

test(
  `F03: ${rounds} stops under load end within 10 s with status 0 and count every line once`,
  { timeout: rounds * 8_000 + 60_000 },
  async () => {
    const storm = await Storm.begin()
    for (let round = 0; round < rounds; round++) {
      const daemon = await storm.start().ready()
      await storm.moment(400)
      const asked = performance.now()
      expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
      expect(performance.now() - asked).toBeLessThan(exitLimitMs)
      expect(daemon.stderr).toContain('"msg":"stopped"')
    }
    // A stop gives up what is being delivered, so it may repeat as a kill may.
    await storm.settleAsReplayed(rounds)
  },
)

test('F03: a receiver that never answers and clients that never go do not hold a stop up', async () => {
  const dir = folder()
  const hook = await startHook(
    () => {},
    () => false,
  )
  const { log, config } = writeScene(dir, hook.url)
  const daemon = await new Daemon({ dataDir: join(dir, 'data'), args: ['-c', config] }).ready()
  const { port } = new URL(await daemon.up())
  const socket = connect(Number(port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  socket.write(`GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  const halfSent = connect(Number(port), '127.0.0.1')
  onTestFinished(() => void halfSent.destroy())
  halfSent.on('error', () => {})
  halfSent.write('POST /api/v1/deploys HTTP/1.1\r\n')
  appendFileSync(log, requests(5))
  await until('a delivery to be under way', () => hook.deliveries.length > 0)

  const asked = performance.now()
  expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
  expect(performance.now() - asked).toBeLessThan(exitLimitMs)
  const books = await readBooks(daemon.dataDir)
  expect(books.panes['requests ']).toBe(5)
  expect(books.notifications.map(({ state }) => state)).toEqual(['waiting'])
})

test('F03: a second signal ends the daemon at once, and nothing is lost by it', async () => {
  const dir = folder()
  const hook = await startHook()
  const { log, config } = writeScene(dir, hook.url)
  const options = { dataDir: join(dir, 'data'), args: ['-c', config] }
  const daemon = await new Daemon(options).ready()
  appendFileSync(log, requests(1_000))
  await daemon.lines(log, 1_000)
  // Both are there when it wakes up, so the second always finds it stopping.
  daemon.signal('SIGSTOP')
  appendFileSync(log, requests(1_000))
  daemon.signal('SIGINT')
  daemon.signal('SIGTERM')
  daemon.signal('SIGCONT')
  // Which of two pending signals comes first is the kernel's choice.
  expect([128 + 2, 128 + 15]).toContain((await daemon.ended).code)
  expect(daemon.stderr).not.toContain('"msg":"stopped"')

  const next = await new Daemon(options).ready()
  await next.lines(log, 2_000)
  await next.stop()
  expect((await readBooks(next.dataDir)).panes['requests ']).toBe(2_000)
})

/** One log and a rule that fires at the first request. */
function writeScene(dir: string, hookUrl: string): { log: string; config: string } {
  const log = join(dir, 'access.log')
  const config = join(dir, 'lastpush.yaml')
  const rule = 'name: any-request\ntype: frequency\nquery: status:*\nnum_events: 1\ntimeframe: 1s\n'
  writeFileSync(log, '')
  writeFileSync(join(dir, 'rule.yaml'), rule)
  writeFileSync(
    config,
    `lateness: 0s
sources: [{ file: { paths: [${log}], from: beginning }, parser: apache_combined }]
rules: [rule.yaml]
receivers: { hook: { webhook: { url: '${hookUrl}' } } }
route: { receiver: hook, group_wait: 0s }
http: { port: 0 }
`,
  )
  return { log, config }
}

function requests(count: number): string {
  return `10.0.0.7 - - [${accessTime(Date.now())}] "GET / HTTP/1.1" 200 512 "-" "-"\n`.repeat(count)
}
