/** What a group on the brokers says of us, and what we say there: after each of our commits, the offsets
 *  with `storeId:commitNo` beside them. Offsets are for tools that show the lag of groups; nothing
 *  is ever read from them. The store's id keeps two stores from sharing a group, which would leave
 *  each with counts of a part. */
import type { Kafka } from 'kafkajs'
import { withAdmin } from './topics.ts'

/** Metadata as we write it, and nobody else by chance. */
const form = /^([0-9a-f]{16}):(\d+)$/

/** Who has committed to a group. */
export interface Claim {
  readonly store: string
  readonly commit: number
}

export function claimText({ store, commit }: Claim): string {
  return `${store}:${commit}`
}

/** @returns null when the metadata is not of a lastpush. */
export function readClaim(metadata: string | null): Claim | null {
  const [, store, commit] = form.exec(metadata ?? '') ?? []
  return store === undefined ? null : { store, commit: Number(commit) }
}

/** The newest claim of a store that is neither of the two; null when there is none. */
export async function foreignClaim(
  client: Kafka,
  group: string,
  topics: readonly string[],
  own: readonly (string | undefined)[],
): Promise<Claim | null> {
  const offsets = await withAdmin(client, (admin) =>
    admin.fetchOffsets({ groupId: group, topics: [...topics] }),
  )
  const claims = offsets
    .flatMap(({ partitions }) => partitions.map(({ metadata }) => readClaim(metadata)))
    .filter((claim) => claim !== null && !own.includes(claim.store)) as Claim[]
  return claims.sort((a, b) => b.commit - a.commit)[0] ?? null
}

/** The refusal, and what can be done. */
export function foreignText(group: string, { store, commit }: Claim): string {
  return (
    `the group ${JSON.stringify(group)} belongs to another store, ${store}, which has made ` +
    `${commit} commits: name another group; or, when that store is gone for good, ` +
    `take_over: '${store}'`
  )
}
