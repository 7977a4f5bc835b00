import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { bufferBytesMax, clientsMax } from '../../src/server/stream.ts'
import { codeOf, Harness } from './harness.ts'

const path = '/api/v1/stream'
let harness: Harness
beforeEach(async () => {
  harness = await new Harness().start()
})
afterEach(() => harness.server.close())

/** A client that keeps what it reads. */
class Reader {
  text = ''
  ended = false
  readonly response: IncomingMessage

  constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8')
    response.on('data', (part) => (this.text += String(part)))
    response.on('close', () => (this.ended = true))
    // A stream that is cut ends with an error.
    response.on('error', () => {})
  }

  has(text: string): Promise<void> {
    return vi.waitFor(() => expect(this.text).toContain(text), { interval: 2, timeout: 5_000 })
  }
}

const read = async () => new Reader(await harness.open(path))

test('delivers alerts, deploys and ticks to every client as they are told', async () => {
  const clients = [await read(), await read()]
  harness.view.tell({ type: 'alert', data: { rule: 'r' } })
  harness.view.tell({ type: 'deploy', data: { sha: '3f2a9c1' } })
  harness.view.tell({ type: 'tick', data: null })
  for (const client of clients) {
    await client.has('event: tick')
    expect(client.text).toBe(
      'retry: 3000\n\n' +
        'event: alert\ndata: {"rule":"r"}\n\n' +
        'event: deploy\ndata: {"sha":"3f2a9c1"}\n\n' +
        'event: tick\ndata: null\n\n',
    )
    expect(client.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
  }
})

test('beats every 15 seconds', async () => {
  const client = await read()
  await client.has('retry')
  harness.clock.advance(14_999)
  harness.view.tell({ type: 'tick', data: 1 })
  await client.has('data: 1')
  harness.clock.advance(1)
  await client.has(': heartbeat\n\n')
  harness.clock.advance(15_000)
  await client.has(': heartbeat\n\n: heartbeat\n\n')
})

test('keeps line ends of hostile texts inside their event', async () => {
  const client = await read()
  harness.view.tell({ type: 'alert', data: { sample: 'x\r\n\r\nevent: deploy\ndata: {}\n\n' } })
  await client.has('event: alert')
  expect(client.text.split('\n\n')[1]).toBe(
    'event: alert\ndata: {"sample":"x\\r\\n\\r\\nevent: deploy\\ndata: {}\\n\\n"}',
  )
})

test('refuses parameters, and opens nothing for a HEAD', async () => {
  expect((await harness.ask(`${path}?x=1`)).status).toBe(400)
  expect((await harness.ask(path, { method: 'HEAD' })).status).toBe(404)
})

test('ends its clients when the server closes, and lets go of the view', async () => {
  const client = await read()
  await harness.server.close()
  await vi.waitFor(() => expect(client.ended).toBe(true))
  expect(harness.view.listeners.size).toBe(0)
})

describe('S19: many and slow clients', () => {
  test('S19: takes 200 clients, answers 503 to more, and takes one again when one leaves', async () => {
    const clients = await Promise.all(Array.from({ length: clientsMax }, read))
    const refused = await harness.ask(path)
    expect([clientsMax, refused.status, codeOf(refused)]).toEqual([200, 503, 'TOO_MANY_STREAMS'])
    expect((await harness.ask('/-/healthy')).status).toBe(200)
    clients[0]?.response.destroy()
    await vi.waitFor(async () => {
      const next = await harness.open(path)
      next.destroy()
      expect(next.statusCode).toBe(200)
    })
  })

  test('S19: cuts a client that never reads while 100 MiB are told, and serves the others', async () => {
    const slow = connect(harness.at.port, harness.at.address)
    slow.on('error', () => {})
    slow.pause()
    slow.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${harness.at.port}\r\n\r\n`)
    const response = await harness.open(path)
    let bytes = 0
    const wake = { up: () => {} }
    response.on('data', (part: Buffer) => {
      bytes += part.length
      wake.up()
    })
    const before = process.memoryUsage.rss()
    const block = 'x'.repeat(131_072)
    for (let told = 0; told < 800; told += 1) {
      harness.view.tell({ type: 'tick', data: block })
      // The healthy client has read all before the next event, so it is never behind.
      while (bytes < (told + 1) * block.length) await new Promise<void>((go) => (wake.up = go))
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1_048_576)
    let left = 0
    slow.on('data', (part) => (left += part.length))
    slow.resume()
    await once(slow, 'close')
    // What the kernel's buffers took before the cut comes on top of the cap.
    expect(left).toBeLessThan(bufferBytesMax + 16 * 1_048_576)
  })
})
