/** Before the tests of the project `servers`: one server of each kind for all of them, started at
 *  once. A download of the jars is part of this, so it counts against no test's time. Where something
 *  is missing the tests skip and one line says why, unless LASTPUSH_TEST_REQUIRE (kinds with commas
 *  between) forbids it. */
import type { TestProject } from 'vitest/node'
import { fetchJars, lacking, recipes } from './jars.ts'
import type { ServerKind } from './recipe.ts'
import { startServer, type Server } from './start.ts'

/** What the tests are given of a server. */
export type Given =
  { readonly address: string; readonly state: string | null } | { readonly lacking: string }

declare module 'vitest' {
  interface ProvidedContext {
    kafka: Given
    elasticsearch: Given
    /** What keeps a test from a server of its own; null where nothing does. */
    ownKafka: string | null
    ownElasticsearch: string | null
  }
}

const kinds = ['kafka', 'elasticsearch'] as const
const ownKey = { kafka: 'ownKafka', elasticsearch: 'ownElasticsearch' } as const

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started: Server[] = []
  const skipped = new Map<string, ServerKind[]>()
  // One download after the other: both want Maven's own cache.
  const reasons = new Map<ServerKind, string | null>()
  for (const kind of kinds) reasons.set(kind, await unready(kind))
  await Promise.all(
    kinds.map(async (kind) => {
      const reason = reasons.get(kind) ?? null
      const named = process.env[recipes[kind].variable]
      project.provide(ownKey[kind], reason)
      if (named !== undefined) return project.provide(kind, { address: named, state: null })
      if (reason !== null) {
        skipped.set(reason, [...(skipped.get(reason) ?? []), kind])
        return project.provide(kind, { lacking: reason })
      }
      const server = await startServer(kind)
      started.push(server)
      project.provide(kind, { address: server.address, state: server.state })
    }),
  )
  for (const [reason, all] of skipped) console.warn(`tests of ${all.join(' and ')} skip: ${reason}`)
  return async () => {
    await Promise.all(started.map((server) => server.stop()))
  }
}

/** Why no server can be started here; null when one can. @throws Error when one is required. */
async function unready(kind: ServerKind): Promise<string | null> {
  let reason = lacking(kind)
  if (reason === null) {
    reason = await fetchJars(kind).then(
      () => null,
      (error: unknown) => `the jars could not be downloaded: ${(error as Error).message}`,
    )
  }
  const required = (process.env['LASTPUSH_TEST_REQUIRE'] ?? '').split(',')
  if (reason !== null && required.includes(kind)) {
    throw new Error(`LASTPUSH_TEST_REQUIRE names ${kind}: ${reason}`)
  }
  return reason
}
