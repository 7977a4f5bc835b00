/** The code of a writer thread: hands each message to the one writing connection and answers in
 *  order. Loaded from dist/ only; see worker-url.ts. */
import assert from 'node:assert'
import { parentPort, workerData } from 'node:worker_threads'
import { LastpushError } from '../model/errors.ts'
import { WriteSession } from './write-session.ts'
import type { WriterAnswer, WriterMessage, WriterOptions } from './writer-messages.ts'

assert(parentPort, 'this file runs as a worker thread')
const port = parentPort
const { kind, path } = workerData as WriterOptions
const session = new WriteSession(kind, path)

port.on('message', (message: WriterMessage) => {
  port.postMessage(answer(message))
  if (message.request.op === 'close') port.close()
})

function answer({ id, request }: WriterMessage): WriterAnswer {
  try {
    return { id, ok: true, result: perform(request) }
  } catch (error) {
    if (error instanceof LastpushError) {
      return { id, ok: false, code: error.code, message: error.message }
    }
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { id, ok: false, code: null, message: stack }
  }
}

function perform(request: WriterMessage['request']): number {
  switch (request.op) {
    case 'open':
      session.open()
      return 0
    case 'synchronous':
      return session.synchronous()
    case 'close':
      session.close()
      return 0
    case 'commit':
    case 'dispatch':
    case 'dropBacklog':
    case 'compact':
    case 'put':
    case 'purge':
      return session.write(request)
  }
}
