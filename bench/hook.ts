/** A webhook receiver on loopback that notes when which alert arrived. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

export interface Hook {
  readonly url: string
  /** Of each alert that fires, by its label `path`: when its page came first, ms of the monotonic
   *  clock of this machine. */
  readonly arrivals: ReadonlyMap<string, number>
  close(): void
}

interface Body {
  readonly alerts: readonly {
    readonly status: string
    readonly labels: { readonly path?: string }
  }[]
}

export async function startHook(): Promise<Hook> {
  const arrivals = new Map<string, number>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const at = monotonicMs()
      response.end()
      const { alerts } = JSON.parse(Buffer.concat(chunks).toString()) as Body
      for (const { status, labels } of alerts) {
        const path = labels.path ?? ''
        if (status === 'firing' && !arrivals.has(path)) arrivals.set(path, at)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${port}/`, arrivals, close }
}

/** ms since this machine started, the same clock in every process. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}
