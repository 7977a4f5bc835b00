/** A daemon that follows one log and keeps its events in an Elasticsearch, with a rule whose page
 *  must come whatever the index does. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { command, Daemon, folder, until } from './daemon.ts'
import { startHook, type Hook } from './hook.ts'

const rule = 'name: burst\ntype: frequency\nquery: level:crit\nnum_events: 20\ntimeframe: 1m\n'

export class IndexedLog {
  readonly daemon: Daemon
  readonly #hook: Hook
  readonly #log: string

  private constructor(daemon: Daemon, hook: Hook, log: string) {
    this.daemon = daemon
    this.#hook = hook
    this.#log = log
  }

  static async start(node: string, prefix: string): Promise<IndexedLog> {
    const hook = await startHook()
    const dir = folder()
    const log = join(dir, 'app.log')
    const config = join(dir, 'lastpush.yaml')
    writeFileSync(log, '')
    writeFileSync(join(dir, 'rule.yaml'), rule)
    writeFileSync(
      config,
      `
sources: [{ file: { paths: [${log}], from: beginning }, service: web, parser: json }]
lateness: 1s
rules: [rule.yaml]
receivers: { hook: { webhook: { url: '${hook.url}' } } }
route: { receiver: hook, group_wait: 0s }
store: { elasticsearch: { node: '${node}', index_prefix: ${prefix} } }
http: { port: 0 }
`,
    )
    const daemon = new Daemon({ dataDir: join(dir, 'data'), args: ['-c', config] })
    return new IndexedLog(await daemon.ready(), hook, log)
  }

  write(count: number, level = 'error'): void {
    const time = new Date().toISOString()
    for (let n = 0; n < count; n++) {
      appendFileSync(this.#log, `${JSON.stringify({ time, level, message: `event ${n}` })}\n`)
    }
  }

  /** Waits until `status`, as API and as command, the log and the metric tell a fault. */
  async fault(form: RegExp): Promise<void> {
    const { daemon } = this
    const told = async () => form.test((await daemon.status()).index.fault ?? '')
    await until(`the fault ${form}`, told, 30_000, () => daemon.stderr)
    const { stdout } = command(['status', '--data', daemon.dataDir])
    const line = stdout.split('\n').find((each) => each.startsWith('event index (elasticsearch): '))
    expect(line).toMatch(form)
    expect(daemon.stderr.split('\n').filter((each) => form.test(each))).not.toEqual([])
    expect(await daemon.metric('lastpush_index_fault')).toBe(1)
  }

  /** Sets off the rule; resolves when its page has come. */
  async page(): Promise<void> {
    this.write(20, 'crit')
    await until('the page', () => this.#hook.deliveries.length === 1, 15_000)
  }

  /** Waits until nothing waits for the index and no fault is told. */
  async well(): Promise<void> {
    const isWell = async () => {
      const { index, store } = await this.daemon.status()
      return index.fault === null && store.backlog === 0
    }
    await until('an index that is well', isWell, 40_000, () => this.daemon.stderr)
    expect(await this.daemon.metric('lastpush_index_fault')).toBe(0)
  }
}
