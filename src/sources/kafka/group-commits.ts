/** Tells the group on the brokers how far our commits have come, once a second at most and after the
 *  commit, never before it. A telling that fails is not repeated: the next one says more. */
import type { SourceContext } from '../source.ts'
import { claimText } from './claim.ts'
import type { Session } from './consumer.ts'
import { readKafkaPosition, type KafkaPartition } from './partition.ts'

/** Between two tellings, ms. */
const everyMs = 1_000

export class GroupCommits {
  readonly #context: SourceContext
  readonly #partitions: ReadonlyMap<string, KafkaPartition>
  /** Committed offsets that the group does not know yet. */
  readonly #untold = new Map<string, number>()
  #commit = 0
  #toldAt = -Infinity

  constructor(context: SourceContext, partitions: ReadonlyMap<string, KafkaPartition>) {
    this.#context = context
    this.#partitions = partitions
    // A pass of its own leaves no trace.
    if (context.once) return
    context.onCommit(({ number, checkpoints }) => {
      this.#commit = number
      for (const [name, checkpoint] of checkpoints) {
        const position = partitions.has(name) ? readKafkaPosition(checkpoint) : null
        if (position !== null) this.#untold.set(name, position.offset)
      }
      this.tell()
    })
  }

  /** Tells what is untold, unless the last telling was just now. */
  tell(): void {
    const now = this.#context.clock.monotonic()
    if (this.#untold.size === 0 || now - this.#toldAt < everyMs) return
    this.#toldAt = now
    const { storeId: store, log } = this.#context
    const metadata = claimText({ store, commit: this.#commit })
    const perSession = new Map<Session, Map<string, object[]>>()
    for (const [name, offset] of this.#untold) {
      const partition = this.#partitions.get(name)
      const owner = partition?.owner ?? null
      if (partition === undefined || owner?.tell == null) continue
      this.#untold.delete(name)
      const topics = perSession.get(owner) ?? new Map<string, object[]>()
      perSession.set(owner, topics)
      const told = { partition: partition.id, offset: String(offset), metadata }
      topics.set(partition.topic, [...(topics.get(partition.topic) ?? []), told])
    }
    for (const [session, topics] of perSession) {
      const offsets = [...topics].map(([topic, partitions]) => ({ topic, partitions }))
      session.tell?.({ topics: offsets as never }).catch((error: unknown) => {
        log.debug({ error }, 'the group was not told how far the commits have come')
      })
    }
  }
}
