/** What tests against real servers share: one server a test file, started when the first test needs
 *  it and ended with the file; a skip that says what is missing, or a failure where
 *  LASTPUSH_TEST_REQUIRE (kinds with commas between) forbids to skip. */
import { afterAll, type TestContext } from 'vitest'
import type { ServerKind } from './recipe.ts'
import { given, lacking, startServer, type Server } from './start.ts'

const running = new Map<ServerKind, Promise<Server>>()

afterAll(async () => {
  for (const server of running.values()) await (await server).stop()
  running.clear()
})

/** Address of a server, the one that the environment names before one of our own. */
export async function addressOf(ctx: TestContext, kind: ServerKind): Promise<string> {
  return given(kind) ?? (await ownServer(ctx, kind)).address
}

/** A server that the test may kill. */
export async function ownServer(ctx: TestContext, kind: ServerKind): Promise<Server> {
  const reason = lacking(kind)
  if (reason !== null) {
    const required = (process.env['LASTPUSH_TEST_REQUIRE'] ?? '').split(',')
    if (required.includes(kind)) throw new Error(`${kind} is required and ${reason}`)
    ctx.skip(true, reason)
  }
  let server = running.get(kind)
  if (server === undefined) {
    server = startServer(kind)
    running.set(kind, server)
  }
  return server
}
