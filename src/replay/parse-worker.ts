/** A thread that finds the fields of batches ahead of the pipeline. It decides nothing: what it finds
 *  depends on the bytes, the parser and the zone alone. */
import { parentPort, workerData } from 'node:worker_threads'
import { loadParsers } from '../catalog.ts'
import type { Scanner } from '../parsers/parser.ts'
import type { ParseAnswer, ParseRequest, ParseWorkerOptions } from './parse-messages.ts'

const { parserFiles } = workerData as ParseWorkerOptions
const parsers = new Map((await loadParsers(parserFiles)).map(({ parser }) => [parser.name, parser]))
const attached = new Map<string, ReturnType<Scanner['attach']>>()

parentPort?.on('message', ({ slot, parser, memory, length, zone }: ParseRequest) => {
  const key = `${slot} ${parser}`
  if (memory !== null) {
    const scanner = parsers.get(parser)?.scanner?.() ?? null
    if (scanner === null) throw new Error(`the parser ${parser} does not run ahead`)
    attached.set(key, scanner.attach(memory))
  }
  const scan = attached.get(key)
  if (scan === undefined) throw new Error(`memory ${slot} was never handed over`)
  parentPort?.postMessage({ slot, found: scan(length, zone) } satisfies ParseAnswer)
})
