/** A webhook receiver on loopback that remembers every delivery, in the order of their arrival. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'

/** One POST. */
export interface Delivery {
  readonly key: string
  readonly body: string
}

export interface Hook {
  readonly url: string
  readonly deliveries: readonly Delivery[]
}

/**
 * Starts a receiver.
 * @param answered Called in the tick in which the 200 was handed to the kernel.
 * @param answer Asked for each request; false leaves it without an answer.
 * @param cleanUp Where what ends the receiver is left; tests that run side by side give their own.
 */
export async function startHook(
  answered: (delivery: Delivery) => void = () => {},
  answer: () => boolean = () => true,
  cleanUp: (end: () => void) => void = onTestFinished,
): Promise<Hook> {
  const deliveries: Delivery[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const key = request.headers['idempotency-key']
      const delivery = { key: String(key), body: Buffer.concat(parts).toString() }
      deliveries.push(delivery)
      if (!answer()) return
      response.writeHead(200).end()
      answered(delivery)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, deliveries }
}
