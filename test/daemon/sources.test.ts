import { expect, onTestFinished, test } from 'vitest'
import { Ingest } from '../../src/daemon/ingest.ts'
import { RunningSources } from '../../src/daemon/sources.ts'
import { silentLog } from '../../src/flow/log.ts'
import { Metrics } from '../../src/flow/metrics.ts'
import { systemClock } from '../../src/flow/time.ts'
import type { Source, SourceContext } from '../../src/sources/source.ts'
import { until } from '../contract/source.ts'
import { batchOf, pipelineOf } from '../pipeline/world.ts'

const lines = ['one', 'two', 'three', 'four'].map((message) => JSON.stringify({ message }))
const lineBytes = (line: string) => Buffer.byteLength(line) + 1

/** Reads the lines from where its checkpoint says, one a batch; its first run dies after the first
 *  line, while the pipeline still holds it. */
class FragileSource implements Source {
  readonly name = 'json'
  runs = 0

  async run(context: SourceContext): Promise<void> {
    this.runs += 1
    context.opened(this.name)
    const reached = context.checkpoints.get(this.name) as { offset: number } | undefined
    let start = 0
    for (const line of lines) {
      if (start >= (reached?.offset ?? 0)) {
        const taken = context.emit(batchOf(this.name, [line], { start }))
        if (this.runs === 1) throw new Error('the disk has gone')
        await taken
      }
      start += lineBytes(line)
    }
  }
}

/** Sources and an ingest loop that has yet to be started, over a store that takes everything. */
function daemonOf(source: Source) {
  const pipeline = pipelineOf({ live: true })
  const parts = { pipeline, clock: systemClock, log: silentLog }
  const state = { commit: () => Promise.resolve() }
  const ingest = new Ingest({ ...parts, state, onCommitted: () => {} })
  const sources = new RunningSources({
    ...parts,
    sources: [source],
    ingest,
    metrics: new Metrics(),
    storeId: 'aaaaaaaaaaaaaaaa',
    restartMs: 5,
  })
  onTestFinished(() => sources.stop())
  return { pipeline, ingest, sources, counted: () => [...pipeline.partitions()][0]?.lines ?? 0 }
}

test('a source that is started again does not repeat what waits to be ingested', async () => {
  const source = new FragileSource()
  const { ingest, sources, counted } = daemonOf(source)
  sources.start()
  await until(() => sources.faults.has('json'))
  // Nothing is ingested for many pauses between two runs, as on a full disk.
  await systemClock.sleep(50)
  ingest.start()
  await until(() => source.runs === 2 && counted() >= 4)
  await sources.stop()
  await ingest.stop()
  expect(counted()).toBe(4)
  expect(sources.faults.has('json')).toBe(false)
})

test('stopping does not wait for what is never ingested', async () => {
  const source = new FragileSource()
  const { sources } = daemonOf(source)
  sources.start()
  await until(() => sources.faults.has('json'))
  await sources.stop()
  expect(source.runs).toBe(1)
})
