/** `parse`: one answer per line of input, in order: what a parser makes of it. */
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { loadParsers } from '../catalog.ts'
import { silentLog } from '../flow/log.ts'
import { Metrics } from '../flow/metrics.ts'
import { isoTime } from '../flow/time.ts'
import { lineText, rowKind, type Columns } from '../model/columns.ts'
import { LastpushError } from '../model/errors.ts'
import type { Batch } from '../model/event.ts'
import { visible } from '../model/escape.ts'
import { atLength } from '../parsers/compile/explain.ts'
import { detectParser } from '../parsers/detect.ts'
import { rowFields } from '../parsers/fields.ts'
import type { Parser } from '../parsers/parser.ts'
import { signatureOf } from '../signatures/signature.ts'
import { stdinSource } from '../sources/stdin.ts'
import { configOf } from './engine.ts'
import { zoneGiven } from './given-sources.ts'
import { print, printJson, type AddCommand, type Io } from './io.ts'

/** Answers held back until the stack of an event is whole. */
const heldMax = 10_000
const stackCharsMax = 65_536

interface ParseOptions {
  readonly config?: string
  readonly parser?: string
  readonly zone?: string
  readonly json?: boolean
  readonly explain?: boolean
}

type Answer =
  | {
      parser: string
      time: string | null
      fields: object
      signature: string | null
      group: string | null
      stack?: string
    }
  | { continues: true }
  | { unparsed: string; column: number }

export const addParse: AddCommand = (program, io) => {
  program
    .command('parse')
    .summary('show what a parser makes of each line')
    .argument('[file]', 'log file; - is standard input', '-')
    .option('-c, --config <file>', 'lastpush.yaml, for parsers of your own and the zone')
    .option('--parser <name>', 'format; told from the first lines when absent')
    .option(
      '--zone <name>',
      "zone of times that name none; default as configured, else this machine's",
    )
    .option('--json', 'print one JSON object a line')
    .option('--explain', 'say how the patterns of the parser, or of all, are run; read nothing')
    .addHelpText(
      'after',
      '\nExample:\n  tail -n 20 error.log | lastpush parse --parser php_error --json\n',
    ) // prettier-ignore
    .action((file: string, options: ParseOptions) => parse(io, file, options))
}

async function parse(io: Io, file: string, options: ParseOptions): Promise<void> {
  const config = configOf(options)
  const zone = zoneGiven(options, config)
  const parsers = (await loadParsers(config.parsers)).map(({ parser }) => parser)
  const named = parsers.find((parser) => parser.name === options.parser)
  if (options.parser !== undefined && named === undefined) {
    const known = parsers.map((parser) => parser.name).join(', ')
    throw new LastpushError('USAGE', `no parser is named ${options.parser}; known are ${known}`)
  }
  if (options.explain === true) return explain(io, named === undefined ? parsers : [named])
  const printer = new Printer(io, options.json === true)
  let chosen = named
  let open = false
  await readLines(io, file, (batch) => {
    chosen ??= choose(io, batch, parsers)
    const columns = chosen.parse(batch.bytes, { zone, open })
    for (let row = 0; row < columns.rows; row++) {
      printer.add(answerOf(chosen, columns, row), lineText(columns, row))
      if (columns.kind[row] === rowKind.event) open = chosen.multiline
    }
  })
  printer.flush()
}

function explain(io: Io, parsers: readonly Parser[]): void {
  for (const { name, runs } of parsers) {
    const lines =
      runs === undefined ? [`${name}: built in, without patterns`] : atLength(name, runs())
    for (const line of lines) print(io, visible(line))
  }
}

function choose(io: Io, batch: Batch, parsers: readonly Parser[]): Parser {
  const { parser, matched, of } = detectParser(batch.bytes, parsers)
  io.err.write(`format ${parser.name} (${matched} of the first ${of} lines)\n`)
  return parser
}

async function readLines(io: Io, file: string, take: (batch: Batch) => void): Promise<void> {
  const input: Readable = file === '-' ? io.input : createReadStream(file)
  const failed = new Promise<never>((_, reject) => {
    input.once('error', (cause) => {
      const message = `cannot read ${file}: ${cause.message}`
      reject(new LastpushError('SOURCE_UNREADABLE', message, { cause }))
    })
  })
  const source = stdinSource('parse', input)
  const done = source.run({
    clock: io.clock,
    log: silentLog,
    metrics: new Metrics(),
    checkpoints: new Map(),
    opened() {},
    closed() {},
    readable() {},
    emit: async (batch) => take(batch),
    fault() {},
    storeId: '',
    onCommit() {},
    once: true,
    signal: new AbortController().signal,
  })
  await Promise.race([done, failed])
}

function answerOf(parser: Parser, columns: Columns, row: number): Answer {
  const kind = columns.kind[row]
  if (kind === rowKind.continuation) return { continues: true }
  if (kind !== rowKind.event) {
    const { reason, column } = columns.unparsed(row)
    return { unparsed: reason, column }
  }
  const time = columns.time[row] ?? NaN
  const message = columns.fields.get('message')?.text(row) ?? null
  const exception = columns.fields.get('exception')?.text(row) ?? null
  const signature = message === null ? null : signatureOf(message, exception).id
  return {
    parser: parser.name,
    time: Number.isNaN(time) ? null : isoTime(time),
    fields: rowFields(columns, row),
    signature,
    group: signature,
  }
}

/** Prints in order, holding an event back until the lines that continue it have come. */
class Printer {
  readonly #io: Io
  readonly #json: boolean
  #held: Answer[] = []

  constructor(io: Io, json: boolean) {
    this.#io = io
    this.#json = json
  }

  add(answer: Answer, line: string): void {
    const head = this.#held[0]
    if (head !== undefined && 'parser' in head && 'continues' in answer) {
      const stack = head.stack === undefined ? line : `${head.stack}\n${line}`
      head.stack = stack.slice(0, stackCharsMax)
    }
    if ('parser' in answer || this.#held.length >= heldMax) this.flush()
    this.#held.push(answer)
  }

  flush(): void {
    for (const answer of this.#held) {
      if (this.#json) printJson(this.#io, answer)
      else print(this.#io, visible(readable(answer)))
    }
    this.#held = []
  }
}

function readable(answer: Answer): string {
  if ('continues' in answer) return '  | continues'
  if ('unparsed' in answer) return `  ! ${answer.unparsed} (column ${answer.column})`
  const fields = Object.entries(answer.fields).map(([name, value]) => `${name}=${String(value)}`)
  return `${answer.time ?? 'no time'}  ${fields.join('  ')}`
}
