/** The real servers as tests get them: the one that setup.ts has started for all, or one of their
 *  own to kill. Where there is none, the test is skipped and says what is missing. */
import { inject, onTestFinished, type TestContext } from 'vitest'
import type { ServerKind } from './recipe.ts'
import { startServer, type Server } from './start.ts'

/** Address of the server that all tests share; nobody may stop it. */
export function addressOf(ctx: TestContext, kind: ServerKind): string {
  const given = inject(kind)
  if ('address' in given) return given.address
  return ctx.skip(given.lacking)
}

/** Folder of the run of the server that all tests share, where it was started for them. */
export function stateOf(ctx: TestContext, kind: ServerKind): string {
  const given = inject(kind)
  if ('state' in given && given.state !== null) return given.state
  return ctx.skip('needs a server that was started for the tests')
}

/** A server that the test may kill; it goes with the test. */
export async function ownServer(ctx: TestContext, kind: ServerKind): Promise<Server> {
  const reason = inject(kind === 'kafka' ? 'ownKafka' : 'ownElasticsearch')
  if (reason !== null) ctx.skip(reason)
  const server = await startServer(kind)
  onTestFinished(() => server.stop())
  return server
}
