/** The scene of the kill tests: logs that never rest, rules that fire all the time, deploys that go
 *  out, a receiver that remembers; and at the end the daemon's books against the writer's. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { openStateReader } from '../../src/store/sqlite.ts'
import { readBooks, type Books } from './books.ts'
import { command, Daemon, folder, until } from './daemon.ts'
import { startHook, type Hook } from './hook.ts'
import { seeded, type Random } from './random.ts'
import { LogWriter, type Written } from './writer.ts'

/** With fewer broken requests in its second a path is fine. */
const rules = {
  'path-broken.yaml': `
name: path-broken
type: frequency
query: status:503
num_events: 12
timeframe: 1s
by: [path]
`,
  'fatal.yaml': `
name: fatal
type: frequency
query: level:crit
num_events: 60
timeframe: 2s
`,
}

/** Of the sources, so that nothing that the writer writes late by a scheduler's whim is late. */
const latenessMs = 2_000
/** Longest life of an alert once nothing fails any more, and a little. */
const troubleEndsMs = 3_500

export class Storm {
  readonly dataDir: string
  readonly random: Random
  readonly writer: LogWriter
  readonly hook: Hook
  /** SHAs of deploys whose report was answered by 201. */
  readonly acknowledged: string[] = []
  readonly #dir: string
  readonly #config: string
  #reported = 0

  private constructor(dir: string, random: Random, hook: Hook) {
    this.#dir = dir
    this.#config = join(dir, 'lastpush.yaml')
    this.dataDir = join(dir, 'data')
    this.random = random
    this.hook = hook
    mkdirSync(join(dir, 'rules'))
    for (const [name, text] of Object.entries(rules)) writeFileSync(join(dir, 'rules', name), text)
    this.writer = new LogWriter(dir, random)
    writeFileSync(this.#config, this.#yaml())
  }

  static async begin(): Promise<Storm> {
    return new Storm(folder(), seeded(), await startHook())
  }

  start(): Daemon {
    return new Daemon({ dataDir: this.dataDir, args: ['-c', this.#config] })
  }

  /** Leaves a configuration that no daemon takes. @returns What puts the old one back. */
  breakConfig(): () => void {
    writeFileSync(this.#config, 'sources: {')
    return () => writeFileSync(this.#config, this.#yaml())
  }

  /** A random time, at most `mostMs`. */
  async moment(mostMs: number): Promise<void> {
    await delay(this.random.below(mostMs))
  }

  /** A push goes out: told to the daemon if it answers. It began a second ago, so alerts that have
   *  begun since are attributed anew. */
  async push(daemon: Daemon): Promise<void> {
    const sha = `${(0xabc0000 + this.#reported++).toString(16)}${'0'.repeat(33)}`
    const start = new Date(Date.now() - 1_000).toISOString()
    try {
      const response = await fetch(`${await daemon.up()}/api/v1/deploys`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ sha, env: 'production', service: 'web', start }),
      })
      if (response.status === 201) this.acknowledged.push(sha)
    } catch {
      // It was killed meanwhile: nothing was promised.
    }
  }

  /** As `settle`, and then the decisions that were taken live, over all that happened, against
   *  those of one quiet pass over the same files. */
  async settleAsReplayed(kills: number): Promise<Books> {
    this.writer.calmDown()
    // Ordinary lines carry the end of a replay beyond the last trouble.
    await delay(troubleEndsMs)
    const books = await this.settle(kills)
    this.#expectSameDecisions(books)
    return books
  }

  /** Ends the writer, lets a daemon catch up, ends it too, and compares the books.
   *  @param kills How often a daemon was ended while it could deliver. */
  async settle(kills: number): Promise<Books> {
    const { writer } = this
    await writer.stop()
    const daemon = await this.start().ready()
    await daemon.lines(writer.accessPath, writer.access.lines)
    await daemon.lines(writer.phpPath, writer.php.lines)
    const ended = new Date().toISOString()
    await daemon.sources('the watermark to pass everything', (sources) =>
      sources.every(({ watermark }) => watermark !== null && watermark >= ended),
    )
    // Its answer comes when everything before it is committed.
    await this.push(daemon)
    await this.#quiet()
    this.#expectStatus(daemon)
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
    const books = await readBooks(this.dataDir)
    this.#expectCounts(books)
    this.#expectDelivered(books, kills)
    return books
  }

  get #seed(): string {
    return `LASTPUSH_FAULTS_SEED=${this.random.seed}`
  }

  /** Resolves when nothing fires any more and everybody knows. No transition may still come. */
  async #quiet(): Promise<void> {
    const reader = await openStateReader(this.dataDir)
    let told = ''
    const look = async () => {
      const firing = (await reader.alerts({ states: ['firing'] })).length
      const undispatched = (await reader.undispatched()).length
      const groups = (await reader.records('group')).size
      const [next] = await reader.notifications(1)
      const { backlog } = await reader.info()
      told = JSON.stringify({ firing, undispatched, groups, next, backlog })
      return firing + undispatched + groups + backlog === 0 && next?.state !== 'waiting'
    }
    await until('every alert to be resolved and told', look, 40_000, () => told)
    await reader.close()
  }

  /** The command's answer, as a person or a script gets it. */
  #expectStatus(daemon: Daemon): void {
    const told = command(['status', '--json', '--data', this.dataDir])
    expect(told.code, `${told.stderr} ${daemon.stderr}`).toBe(0)
    const { sources } = JSON.parse(told.stdout) as Awaited<ReturnType<Daemon['status']>>
    const { access, php, accessPath, phpPath } = this.writer
    const lines = (of: Written) => ({
      lines: of.lines,
      events: of.events,
      continued: of.continued,
      unparsed: of.unparsed,
    })
    const counted = sources.map((source) => [source.partition, lines(source as never)])
    expect(Object.fromEntries(counted), this.#seed).toEqual({
      [accessPath]: lines(access),
      [phpPath]: lines(php),
    })
  }

  #expectCounts(books: Books): void {
    const { access, php } = this.writer
    const statuses = [...access.byItem].map(([status, count]) => [`status ${status}`, count])
    const levels = [...php.byItem].map(([level, count]) => [`level ${level}`, count])
    const { panes } = books
    const plain = Object.entries(panes).filter(([key]) => !key.startsWith('signature '))
    expect(Object.fromEntries(plain), this.#seed).toEqual(
      Object.fromEntries([['requests ', access.events], ...statuses, ...levels]),
    )
    const signed = Object.entries(panes).filter(([key]) => key.startsWith('signature '))
    expect(signed.reduce((sum, [, count]) => sum + count, 0)).toBe(php.events)
    expect(books.signed).toBe(php.events)
    const failed = (access.byItem.get('500') ?? 0) + (access.byItem.get('503') ?? 0)
    expect(books.indexed).toBe(failed + (php.byItem.get('crit') ?? 0))
    expect(books.integrity).toEqual(['ok', 'ok'])
    expect(books.deploys.map(({ sha }) => sha)).toEqual(expect.arrayContaining(this.acknowledged))
  }

  #expectDelivered({ transitions, notifications, alerts }: Books, kills: number): void {
    const { deliveries } = this.hook
    expect(transitions.filter(({ dispatched }) => !dispatched)).toEqual([])
    expect(notifications.filter(({ state }) => state !== 'delivered')).toEqual([])
    const told = notifications.flatMap((notification) => notification.transitions)
    expect([...told].sort(), this.#seed).toEqual(transitions.map(({ id }) => id).sort())
    const bodies = new Map(notifications.map(({ key, body }) => [key, body]))
    expect(new Set(deliveries.map(({ key }) => key)), this.#seed).toEqual(new Set(bodies.keys()))
    for (const { key, body } of deliveries) expect(body).toBe(bodies.get(key))

    // One at a time is under way in each group, so a kill repeats at most one of each.
    const repeats = new Map<string, number>()
    const seen = new Set<string>()
    for (const { key, body } of deliveries) {
      const { groupKey } = JSON.parse(body) as { groupKey: string }
      if (seen.has(key)) repeats.set(groupKey, (repeats.get(groupKey) ?? 0) + 1)
      seen.add(key)
    }
    expect(Math.max(0, ...repeats.values()), this.#seed).toBeLessThanOrEqual(kills)
    expectLives(transitions, alerts)
  }

  #expectSameDecisions({ alerts, partitions }: Books): void {
    expect(
      [...partitions.values()].map(({ late }) => late),
      this.#seed,
    ).toEqual([0, 0])
    const { accessPath, phpPath } = this.writer
    const files = [...Object.keys(rules).map((name) => join(this.#dir, 'rules', name)), accessPath, phpPath] // prettier-ignore
    const told = command(['replay', '-c', this.#config, '--json', ...files])
    expect(told.code, told.stderr).toBe(0)
    const replayed = (JSON.parse(told.stdout) as { alerts: Books['alerts'] }).alerts
    const onset = ({ rule, labels, startsAt, endsAt }: Books['alerts'][number]) =>
      [rule, labels['path'] ?? '', startsAt, endsAt].join(' ')
    expect(alerts.map(onset).sort(), this.#seed).toEqual(replayed.map(onset).sort())
  }

  #yaml(): string {
    const source = (file: string, parser: string) =>
      `{ file: { paths: [${file}], from: beginning }, service: web, parser: ${parser} }`
    return `
lateness: ${latenessMs}ms
sources:
  - ${source(this.writer.accessPath, 'apache_combined')}
  - ${source(this.writer.phpPath, 'php_error')}
rules: [rules/*.yaml]
receivers: { hook: { webhook: { url: '${this.hook.url}' } } }
route: { receiver: hook, group_by: [path], group_wait: 0s, group_interval: 0s }
http: { port: 0 }
`
  }
}

/** Each onset fires once, may be updated, and resolves once, in this order. */
function expectLives(transitions: Books['transitions'], alerts: Books['alerts']): void {
  const lives = new Map<string, string[]>()
  for (const { kind, alert } of transitions) {
    const onset = `${alert.fingerprint} ${alert.startsAt}`
    lives.set(onset, [...(lives.get(onset) ?? []), kind])
  }
  const odd = [...lives].filter(([, kinds]) => !/^firing(,updated)*,resolved$/.test(kinds.join()))
  expect(odd).toEqual([])
  expect(lives.size).toBe(alerts.length)
}
