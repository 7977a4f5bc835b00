/** The proof that the index may die: the built daemon, 20,000 events of a file, and a real
 *  Elasticsearch that is killed in mid-stream. Alerts come meanwhile; in the end every event is
 *  there once. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventId } from '../../src/model/event.ts'
import { everything } from '../../src/query/query.ts'
import type { EventIndex } from '../../src/store/events.ts'
import { command, Daemon, folder, until } from '../faults/daemon.ts'
import { startHook } from '../faults/hook.ts'
import { indexAt } from './elasticsearch-index.ts'
import { ownServer } from './tests.ts'

const total = 20_000
const rule = 'name: burst\ntype: frequency\nquery: level:crit\nnum_events: 50\ntimeframe: 1m\n'

/** A log of errors that knows the ids of its events. */
class ErrorLog {
  readonly path: string
  readonly ids: string[] = []
  #bytes = 0

  constructor(dir: string) {
    this.path = join(dir, 'app.log')
    writeFileSync(this.path, '')
  }

  write(count: number, level = 'error'): void {
    let text = ''
    for (let n = 0; n < count; n++) {
      this.ids.push(eventId(this.path, this.#bytes + text.length))
      const message = `order ${this.ids.length} failed`
      text += `${JSON.stringify({ time: new Date().toISOString(), level, message })}\n`
    }
    appendFileSync(this.path, text)
    this.#bytes += text.length
  }
}

test('R12, F64: killed under a running daemon, it has every event once, and alerts come meanwhile', async (ctx) => {
  const server = await ownServer(ctx, 'elasticsearch')
  const hook = await startHook()
  const dir = folder()
  const dataDir = join(dir, 'data')
  const config = join(dir, 'lastpush.yaml')
  const log = new ErrorLog(dir)
  const { prefix, open } = indexAt(server.address)
  writeFileSync(join(dir, 'rule.yaml'), rule)
  writeFileSync(
    config,
    `
sources: [{ name: app, file: { paths: [${log.path}], from: beginning }, service: web, parser: json }]
lateness: 1s
rules: [rule.yaml]
receivers: { hook: { webhook: { url: '${hook.url}' } } }
route: { receiver: hook, group_wait: 0s }
store: { elasticsearch: { node: '${server.address}', index_prefix: ${prefix} } }
http: { port: 0 }
`,
  )
  const start = () => new Daemon({ dataDir, args: ['-c', config] })
  let daemon = await start().ready()

  log.write(8_000)
  await until('the first events in the index', async () => (await backlog(daemon)) < 6_000)
  await server.kill()
  log.write(4_000)
  await until('the fault', async () => (await daemon.status()).index.fault !== null)
  const { index } = await daemon.status()
  expect(index).toMatchObject({ kind: 'elasticsearch' })
  expect(index.fault).toMatch(new RegExp(`^Elasticsearch at ${server.address}: .*ECONN`))
  expect(await daemon.metric('lastpush_index_fault')).toBe(1)
  expect(command(['status', '--data', dataDir]).stdout).toContain(`fault: ${index.fault}`)
  const told = 'the event index is behind; alerting goes on'
  expect(daemon.stderr).toContain(told)

  log.write(50, 'crit')
  await until('the page while it is away', () => hook.deliveries.length === 1, 15_000)
  expect((await daemon.status()).index.fault).not.toBeNull()
  await daemon.lines(log.path, 12_050)
  expect(await backlog(daemon)).toBeGreaterThan(4_000)

  await server.start()
  log.write(total - log.ids.length)
  // Also the daemon dies while the index catches up: what is put again replaces itself.
  await until('the index to catch up', async () => (await backlog(daemon)) < 12_000, 60_000)
  await daemon.kill()
  daemon = await start().ready()
  await daemon.lines(log.path, total)
  await until('an empty backlog', async () => (await backlog(daemon)) === 0, 60_000)
  expect(await daemon.metric('lastpush_index_fault')).toBe(0)
  expect(await daemon.stop()).toEqual({ code: 0, signal: null })

  const elastic = open()
  expect(await elastic.count()).toBe(total)
  const found = await idsOf(elastic)
  expect(found).toHaveLength(total)
  expect(new Set(found)).toEqual(new Set(log.ids))
  expect(hook.deliveries).toHaveLength(1)
  await elastic.close()
})

async function backlog(daemon: Daemon): Promise<number> {
  return (await daemon.status()).store.backlog
}

/** All ids of an index, page by page. */
async function idsOf(index: EventIndex): Promise<string[]> {
  const ids: string[] = []
  for (let before; ;) {
    const page = await index.search({ query: everything, limit: 5_000, ...(before && { before }) })
    ids.push(...page.events.map(({ id }) => id))
    if (page.next === null) return ids
    before = page.next
  }
}
