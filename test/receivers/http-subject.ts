/** The other end of a receiver that posts to a web server, for the contract: a server on loopback
 *  that refuses with 400 what breaks the rules of its medium, as the real service does. */
import type { ServerResponse } from 'node:http'
import type { Receiver, ReceiverContext } from '../../src/receivers/receiver.ts'
import type { Subject, Taken } from '../contract/receiver.ts'
import { HookServer } from './hook-server.ts'

export interface HttpKind {
  create(url: string, context: Partial<ReceiverContext>): Receiver
  /** Path, and query where the kind has one, of the address. */
  readonly path: string
  /** What stands between `http://` and the host, such as `user:password@`. */
  readonly credentials?: string
  read(body: string, key: string): Taken
  /** The service's answers. */
  yes(response: ServerResponse): void
  no(response: ServerResponse): void
  /** How errors name the address. */
  named(host: string): string
  readonly secrets: readonly string[]
}

export async function openHttpSubject(kind: HttpKind): Promise<Subject> {
  const servers: HookServer[] = []
  const taken: Taken[] = []

  async function serve(
    answer: HookServer['answer'] | null,
  ): Promise<{ server: HookServer; host: string }> {
    // prettier-ignore
    const server = new HookServer()
    servers.push(server)
    server.answer = answer ?? ((response) => take(server, response))
    return { server, host: new URL(await server.start()).host }
  }

  function take(server: HookServer, response: ServerResponse): void {
    const { body = '', headers = {} } = server.requests.at(-1) ?? {}
    const message = kind.read(body, String(headers['idempotency-key']))
    if (message.faults.length > 0) return kind.no(response)
    taken.push(message)
    kind.yes(response)
  }

  const urlOf = (host: string): string => `http://${kind.credentials ?? ''}${host}${kind.path}`
  const { host } = await serve(null)
  return {
    secrets: kind.secrets,
    create: (context) => kind.create(urlOf(host), context),
    taken: () => taken,
    hung: async () => {
      const silent = await serve(() => {})
      return { receiver: kind.create(urlOf(silent.host), {}), reached: silent.server.seen() }
    },
    refusing: async (context) => {
      const refusing = await serve((response) => kind.no(response))
      return kind.create(urlOf(refusing.host), context)
    },
    unreachable: async (context) => {
      const gone = await serve(null)
      await gone.server.stop()
      return { receiver: kind.create(urlOf(gone.host), context), names: kind.named(gone.host) }
    },
    close: async () => {
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}
