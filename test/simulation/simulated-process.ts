/** One process of the simulated daemon: the parts of src/daemon.ts that bear the promises, wired as it
 *  wires them, on virtual time. A process that is dead goes on for nobody: its clock stands still, and
 *  what it asks of the store or a receiver is never answered. */
import { Dispatcher } from '../../src/alerts/dispatcher.ts'
import { Delivery } from '../../src/daemon/delivery.ts'
import { Ingest } from '../../src/daemon/ingest.ts'
import { RunningSources } from '../../src/daemon/sources.ts'
import { silentLog } from '../../src/flow/log.ts'
import { Metrics } from '../../src/flow/metrics.ts'
import type { Clock } from '../../src/flow/time.ts'
import { resume } from '../../src/pipeline/epochs/resume.ts'
import { Pipeline, type PipelineOptions } from '../../src/pipeline.ts'
import { Outbox } from '../../src/receivers/outbox.ts'
import type { Receiver } from '../../src/receivers/receiver.ts'
import { fileSource } from '../../src/sources/file.ts'
import type { State } from '../../src/store/state.ts'
import { simRoot } from './memory-disk.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Between two looks at a file, ms; a simulated disk costs nothing to ask, but each look costs us. */
const timing = { pollMs: 100, quietMs: 1_000, rotateWaitMs: 2_000 }

export interface ProcessParts {
  readonly time: VirtualTime
  readonly state: State
  readonly receiver: Receiver
  readonly pipeline: PipelineOptions
  /** What the source reads, below the folder of the logs. */
  readonly glob: string
  readonly random: () => number
  readonly isDead: () => boolean
}

export class SimulatedProcess {
  readonly #parts: ProcessParts
  readonly #ends: (() => Promise<void>)[] = []
  readonly started: Promise<void>
  isUp = false

  constructor(parts: ProcessParts) {
    this.#parts = parts
    this.started = this.#start().catch((error: unknown) => {
      if (parts.isDead()) return new Promise<never>(() => {})
      throw error
    })
  }

  /** Ends it in order, as SIGTERM does. */
  async stop(): Promise<void> {
    await this.started
    for (const end of this.#ends.reverse()) await end()
  }

  async #start(): Promise<void> {
    const { state, receiver, glob, random } = this.#parts
    const clock = this.#clock()
    const shared = { state, clock, log: silentLog }
    const metrics = new Metrics()
    const pipeline = new Pipeline(this.#parts.pipeline)
    await resume(pipeline, state, clock.now())
    const receivers = new Map([[receiver.name, receiver]])
    const outbox = new Outbox({ ...shared, receivers, metrics, concurrency: 4, random })
    const dispatcher = new Dispatcher({
      ...shared,
      metrics,
      routing: {
        routes: [],
        otherwise: {
          receiver: receiver.name,
          groupBy: ['service'],
          groupWaitMs: 500,
          groupIntervalMs: 1_500,
          repeatIntervalMs: 86_400_000,
        },
      },
      mutedBy: () => null,
      render: (page) => receiver.render(page),
      deployById: () => null,
      deployBySha: () => null,
      urlOf: () => '',
    })
    await dispatcher.restore()
    const delivery = new Delivery({ ...shared, dispatcher, onNotifications: () => outbox.kick() })
    const onCommitted = () => delivery.kick()
    const ingest = new Ingest({ ...shared, pipeline, onCommitted })
    const options = { paths: [`${simRoot}/${glob}`], from: 'beginning' as const }
    const source = fileSource('json', options, { timing })
    const { id: storeId } = await state.info()
    const parts = { ...shared, pipeline, ingest, metrics, storeId }
    const sources = new RunningSources({ ...parts, sources: [source] })
    this.#ends.push(() => state.close())
    outbox.start()
    this.#ends.push(() => outbox.stop())
    delivery.start()
    this.#ends.push(() => delivery.stop())
    this.#ends.push(() => ingest.stop())
    sources.start()
    this.#ends.push(() => sources.stop())
    await sources.found()
    ingest.start()
    this.isUp = true
  }

  #clock(): Clock {
    const { time, isDead } = this.#parts
    return {
      now: () => time.now,
      monotonic: () => time.now,
      sleep: async (ms, signal) => {
        await time.sleep(ms, signal)
        if (isDead()) await new Promise<never>(() => {})
      },
    }
  }
}
