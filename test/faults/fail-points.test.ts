/** The daemon dies at each place that has a name (src/flow/fail-points.ts), is started again, and its
 *  books are then those of a daemon that never died. docs/how/exactly-once.md argues why. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'vitest'
import type { FailPoint } from '../../src/flow/fail-points.ts'
import { appendToSpool } from '../../src/store/spool.ts'
import { deployOf } from '../deploys/deploy-of.ts'
import { readBooks } from './books.ts'
import { Daemon, folder, full, until } from './daemon.ts'
import { startHook } from './hook.ts'
import { accessTime } from './writer.ts'

/** When the daemon passes the place: by itself with lines to read, or while it is stopped. */
type When = 'lines' | 'stop'

/** The receiver answers from the start where the place is about delivery, else to the second process
 *  only, so that a yes cannot by chance fall into the moment of death. */
type Answers = 'always' | 'later'

/** Place and passage, when, and how often each of the two pages is then acknowledged. */
type Row = readonly [FailPoint, number, When, Answers, readonly number[]]

const deaths: readonly Row[] = [
  ['store-before-rename', 1, 'lines', 'later', [1, 1]],
  ['migration-half-way', 1, 'lines', 'later', [1, 1]],
  ['epoch-taken', 2, 'lines', 'later', [1, 1]],
  ['commit-before-commit', 2, 'lines', 'later', [1, 1]],
  ['commit-after-commit', 2, 'lines', 'later', [1, 1]],
  ['dispatcher-before-write', 1, 'lines', 'always', [1, 1]],
  ['dispatch-before-commit', 1, 'lines', 'always', [1, 1]],
  ['dispatch-after-commit', 1, 'lines', 'always', [1, 1]],
  ['outbox-before-read', 2, 'lines', 'always', [1, 1]],
  ['outbox-before-send', 1, 'lines', 'always', [1, 1]],
  ['outbox-after-yes', 1, 'lines', 'always', [1, 2]],
  ['dispatch-before-commit', 2, 'lines', 'always', [1, 2]],
  ['dispatch-after-commit', 2, 'lines', 'always', [1, 1]],
  ['outbox-after-note', 1, 'lines', 'always', [1, 1]],
  ['put-after-commit', 1, 'lines', 'later', [1, 1]],
  ['index-after-put', 1, 'lines', 'later', [1, 1]],
  ['dropBacklog-before-commit', 1, 'lines', 'later', [1, 1]],
  ['spool-before-remove', 1, 'lines', 'later', [1, 1]],
  ['stop-before-last-commit', 1, 'stop', 'later', [1, 1]],
  ['store-before-close', 1, 'stop', 'later', [1, 1]],
]

/** Each leaves what another above leaves; tried when faults are tried as often as possible. */
const neighbours: readonly Row[] = [
  ['epoch-taken', 1, 'lines', 'later', [1, 1]],
  ['commit-before-begin', 2, 'lines', 'later', [1, 1]],
  ['commit-before-commit', 1, 'lines', 'later', [1, 1]],
  ['commit-after-commit', 1, 'lines', 'later', [1, 1]],
  ['dispatch-before-begin', 1, 'lines', 'always', [1, 1]],
  ['dispatcher-after-write', 1, 'lines', 'always', [1, 1]],
  ['put-before-commit', 1, 'lines', 'later', [1, 1]],
  ['dropBacklog-after-commit', 1, 'lines', 'later', [1, 1]],
]

interface Death {
  readonly point: FailPoint
  readonly nth: number
  readonly when: When
  readonly answers: Answers
  readonly acknowledged: readonly number[]
}

const cases = [...deaths, ...(full ? neighbours : [])].map(
  ([point, nth, when, answers, acknowledged]): Death => ({
    point,
    nth,
    when,
    answers,
    acknowledged,
  }),
)

const limit = { timeout: 120_000 }

describe.concurrent('a daemon that dies at', () => {
  test.for(cases)(
    '$point, passage $nth, has the books of one that did not',
    limit,
    async ({ point, nth, when, answers, acknowledged }, context) => {
      const scene = await Scene.begin(context, answers === 'always')
      const first = scene.start({ LASTPUSH_FAIL_POINT: `${point}:${nth}` })
      if (when === 'stop') {
        await (await first.ready()).lines(scene.log, scene.lines)
        scene.write(3)
        first.signal('SIGTERM')
      }
      const ending = await first.ended
      context.expect(ending, first.stderr).toEqual({ code: null, signal: 'SIGKILL' })
      scene.fail('/later')
      await scene.settle(scene.start())
      await scene.expectBooks(acknowledged)
    },
  )

  test('a checkpoint, in the middle of it, has them too', limit, async (context) => {
    const isTraceable = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
    context.skip(!isTraceable, 'needs strace and the right to trace, to kill between two writes')
    const scene = await Scene.begin(context, false)
    // Only a checkpoint writes to the file itself; the third page of the one at the end of the run.
    const trace = ['-f', '-o', '/dev/null', '-P', join(scene.dataDir, 'state.db')]
    const kill = ['-e', 'inject=write,pwrite64:signal=SIGKILL:when=3']
    const maker = scene.start()
    await maker.ready()
    context.expect(await maker.stop(), maker.stderr).toEqual({ code: 0, signal: null })
    scene.write(50)
    const first = scene.start({}, ['strace', ...trace, ...kill])
    await (await first.ready()).lines(scene.log, scene.lines)
    process.kill(first.daemonPid, 'SIGTERM')
    context.expect((await first.ended).signal, first.stderr).toBe('SIGKILL')
    scene.fail('/later')
    await scene.settle(scene.start())
    await scene.expectBooks([1, 1])
  })
})

describe.concurrent('a write that fails', () => {
  test('before its COMMIT is tried again, and counts once', limit, async (context) => {
    const scene = await Scene.begin(context, true)
    const daemon = scene.start({ LASTPUSH_FAIL_POINT: 'commit-before-commit:2:error' })
    scene.fail('/later')
    await scene.settle(daemon)
    context.expect(daemon.stderr).toContain('EIO: fail point commit-before-commit')
    context.expect(daemon.stderr).toContain('the store takes commits again')
    await scene.expectBooks([1, 1])
  })

  test('after it stops all writing; the stop has status 4, and a restart goes on', limit, async (context) => {
    const scene = await Scene.begin(context, false)
    const first = scene.start({ LASTPUSH_FAIL_POINT: 'commit-after-commit:2:error' })
    await first.ready()
    await until('health to tell', async () => {
      return (await first.health()).reasons.some((reason) => reason.includes('restart lastpush'))
    })
    scene.write(3)
    context.expect(await first.stop(), first.stderr).toEqual({ code: 4, signal: null })
    context.expect(first.stderr).toMatch(
      /lastpush: stopped without its last commit: .* \[STORE_UNWRITABLE\]\n$/,
    )
    scene.fail('/later')
    await scene.settle(scene.start())
    await scene.expectBooks([1, 1])
  }) // prettier-ignore
})

/** One log with two failures, each an alert of its own, and one spooled deploy. */
class Scene {
  readonly dir: string
  readonly log: string
  readonly dataDir: string
  lines = 0
  readonly #context: TestContext
  readonly #config: string
  readonly #acknowledged = new Map<string, number>()
  #starts = 0
  #failures = 0

  private constructor(context: TestContext) {
    this.#context = context
    this.dir = folder(context.onTestFinished)
    this.log = join(this.dir, 'access.log')
    this.dataDir = join(this.dir, 'data')
    this.#config = join(this.dir, 'lastpush.yaml')
  }

  static async begin(context: TestContext, answersAll: boolean): Promise<Scene> {
    const scene = new Scene(context)
    const hook = await startHook(
      ({ key }) => scene.#acknowledged.set(key, (scene.#acknowledged.get(key) ?? 0) + 1),
      () => answersAll || scene.#starts > 1,
      context.onTestFinished,
    )
    writeFileSync(
      join(scene.dir, 'rule.yaml'),
      'name: failure\ntype: frequency\nquery: status:500\nnum_events: 1\ntimeframe: 1s\n' +
        'keep_firing_for: 1h\nby: [path]\n',
    )
    writeFileSync(
      scene.#config,
      `lateness: 0s
sources: [{ file: { paths: [${scene.log}], from: beginning }, parser: apache_combined }]
rules: [rule.yaml]
store: { query: 'status:500' }
receivers: { hook: { webhook: { url: '${hook.url}' } } }
route: { receiver: hook, group_by: [path], group_wait: 0s }
http: { port: 0 }
`,
    )
    scene.write(50)
    scene.fail('/sooner')
    scene.write(50)
    await appendToSpool(scene.dataDir, deployOf('abc1234', 0, { env: 'staging' }))
    return scene
  }

  /** Lines of which nobody is told. */
  write(count: number): void {
    for (let n = 0; n < count; n++) this.#line('/', 200)
  }

  fail(path: string): void {
    this.#failures += 1
    this.#line(path, 500)
  }

  start(env: NodeJS.ProcessEnv = {}, prefix: readonly string[] = []): Daemon {
    this.#starts += 1
    const args = ['-c', this.#config]
    const cleanUp = this.#context.onTestFinished
    return new Daemon({ dataDir: this.dataDir, args, env, prefix, cleanUp })
  }

  /** Waits until everything is read, indexed and told, and stops the daemon. */
  async settle(daemon: Daemon): Promise<void> {
    const { expect } = this.#context
    await daemon.ready()
    await daemon.lines(this.log, this.lines)
    const told = () => [...this.#acknowledged.values()].filter((times) => times > 0).length
    await until('both pages', () => told() >= 2)
    await until('the index', async () => (await daemon.status()).store.backlog === 0)
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
  }

  async expectBooks(acknowledged: readonly number[]): Promise<void> {
    const { expect } = this.#context
    const books = await readBooks(this.dataDir)
    const [partition] = books.partitions.values()
    expect(partition).toMatchObject({ lines: this.lines, events: this.lines, late: 0 })
    expect(books.panes).toMatchObject({
      'requests ': this.lines,
      'status 200': this.lines - this.#failures,
      'status 500': this.#failures,
    })
    expect(books.indexed).toBe(this.#failures)
    expect(books.deploys.map(({ sha }) => sha)).toEqual(['abc1234'])
    const firing = books.transitions.map(({ kind, dispatched }) => [kind, dispatched])
    expect(firing).toEqual([['firing', true], ['firing', true]]) // prettier-ignore
    expect(books.alerts.map(({ labels }) => labels['path']).sort()).toEqual(['/later', '/sooner'])
    const told = books.notifications.map(({ state, transitions }) => [state, ...transitions])
    const expected = books.transitions.map(({ id }) => ['delivered', id])
    expect(told.sort()).toEqual(expected.sort())
    const keys = books.notifications.map(({ key }) => key)
    expect([...this.#acknowledged.keys()].sort()).toEqual(keys.sort())
    expect([...this.#acknowledged.values()].sort()).toEqual(acknowledged)
    expect(books.integrity).toEqual(['ok', 'ok'])
  }

  #line(path: string, status: number): void {
    this.lines += 1
    const head = `10.0.0.7 - - [${accessTime(Date.now())}]`
    appendFileSync(this.log, `${head} "GET ${path} HTTP/1.1" ${status} 512 "-" "-"\n`)
  }
}
