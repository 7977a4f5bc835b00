/** F69: the receiver has said yes, and the daemon dies before it can note that down. One repeat is
 *  then lawful, with the same key; anything else is not. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readBooks } from './books.ts'
import { Daemon, folder, full } from './daemon.ts'
import { startHook } from './hook.ts'
import { accessTime } from './writer.ts'

const kills = full ? 100 : 5

test(
  `F69: ${kills} kills in the tick of the receiver's 200 repeat each notification once, with its key`,
  { timeout: kills * 6_000 + 30_000 },
  async () => {
    const dir = folder()
    const dataDir = join(dir, 'data')
    const log = join(dir, 'access.log')
    const answered = new Set<string>()
    let daemon: Daemon
    const hook = await startHook(({ key }) => {
      if (answered.has(key) || answered.size >= kills) return
      answered.add(key)
      daemon.signal('SIGKILL')
    })
    const config = writeScene(dir, log, hook.url)
    for (let kill = 0; kill < kills; kill++) {
      // Each service has its own alert, which fires at its first failure and stays.
      appendFileSync(log, failure(kill))
      daemon = new Daemon({ dataDir, args: ['-c', config] })
      expect(await daemon.ended, daemon.stderr).toEqual({ code: null, signal: 'SIGKILL' })
      expect(answered.size).toBe(kill + 1)
    }
    daemon = await new Daemon({ dataDir, args: ['-c', config] }).ready()
    await daemon.lines(log, kills)
    const last = daemon
    const undelivered = () => last.metric('lastpush_notifications_waiting')
    await expect.poll(undelivered, { timeout: 20_000 }).toBe(0)
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })

    const { notifications, transitions, panes } = await readBooks(dataDir)
    expect(panes['requests ']).toBe(kills)
    expect(transitions.length).toBe(kills)
    expect(notifications.map(({ state }) => state)).toEqual(Array<string>(kills).fill('delivered'))
    const times = new Map<string, number>()
    for (const { key } of hook.deliveries) times.set(key, (times.get(key) ?? 0) + 1)
    expect([...times.keys()].sort()).toEqual(notifications.map(({ key }) => key).sort())
    // Once where the daemon was quicker than the signal and had noted the 200 down already.
    expect(Math.max(...times.values())).toBe(2)
    const bodies = new Set(hook.deliveries.map(({ key, body }) => `${key} ${body}`))
    expect(bodies.size).toBe(kills)
  },
)

/** One alert for each path, each in a group of its own. */
function writeScene(dir: string, log: string, hookUrl: string): string {
  const config = join(dir, 'lastpush.yaml')
  const rule =
    'name: failure\ntype: frequency\nquery: status:500\nnum_events: 1\ntimeframe: 1s\n' +
    'keep_firing_for: 1h\nby: [path]\n'
  writeFileSync(log, '')
  writeFileSync(join(dir, 'rule.yaml'), rule)
  writeFileSync(
    config,
    `lateness: 0s
sources: [{ file: { paths: [${log}], from: beginning }, parser: apache_combined }]
rules: [rule.yaml]
receivers: { hook: { webhook: { url: '${hookUrl}' } } }
route: { receiver: hook, group_by: [path], group_wait: 0s }
http: { port: 0 }
`,
  )
  return config
}

function failure(number: number): string {
  return `10.0.0.7 - - [${accessTime(Date.now())}] "GET /${number} HTTP/1.1" 500 512 "-" "-"\n`
}
