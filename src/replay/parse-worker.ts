/** A thread that finds the fields of batches ahead of the pipeline. It decides nothing: what it finds
 *  depends on the bytes, the parser and the zone alone. */
import { parentPort, workerData } from 'node:worker_threads'
import { loadParser } from '../catalog.ts'
import type { Parser, Scanner } from '../parsers/parser.ts'
import type { ParseAnswer, ParseRequest, ParseWorkerOptions } from './parse-messages.ts'

const { parserFiles } = workerData as ParseWorkerOptions
const parsers = new Map<string, Parser>()
const attached = new Map<string, ReturnType<Scanner['attach']>>()

parentPort?.on('message', ({ slot, parser, memory, length, zone }: ParseRequest) => {
  const key = `${slot} ${parser}`
  if (memory !== null) {
    const scanner = parserOf(parser).scanner?.() ?? null
    if (scanner === null) throw new Error(`the parser ${parser} does not run ahead`)
    attached.set(key, scanner.attach(memory))
  }
  const scan = attached.get(key)
  if (scan === undefined) throw new Error(`memory ${slot} was never handed over`)
  parentPort?.postMessage({ slot, found: scan(length, zone) } satisfies ParseAnswer)
})

/** Loaded when it is asked for: a pass uses one or two of all there are. */
function parserOf(name: string): Parser {
  const known = parsers.get(name)
  if (known !== undefined) return known
  const file = parserFiles.get(name)
  if (file === undefined) throw new Error(`no file of the parser ${name} is known`)
  const parser = loadParser(file)
  parsers.set(name, parser)
  return parser
}
