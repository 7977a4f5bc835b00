/** HTTP by hand over a socket: fetch would mend or refuse the requests that an attacker sends. */
import { connect } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Daemon, folder } from './daemon.ts'

const answerLimitMs = 10_000

export interface Answer {
  /** 0 when the connection was closed without an answer. */
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/**
 * Sends bytes to a port of 127.0.0.1 and reads the answer to its end.
 * @param lines Request line and headers; an empty line is added.
 */
export function ask(port: number, lines: readonly string[], body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.setTimeout(answerLimitMs, () => socket.destroy(new Error(`no end of: ${text}`)))
    socket.on('data', (bytes) => {
      text += bytes.toString()
      // A stream never ends; its head is all that is asked for.
      if (/content-type: text\/event-stream/i.test(text)) socket.end()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(parse(text)))
    socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`)
  })
}

function parse(text: string): Answer {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0),
    headers: new Map(headers),
    body: rest.join('\r\n\r\n'),
  }
}

/** A daemon with one quiet log, and its port. */
export async function quietDaemon(
  args: readonly string[] = [],
): Promise<{ daemon: Daemon; port: number }> {
  const dir = folder()
  const log = join(dir, 'access.log')
  writeFileSync(log, '')
  const daemon = new Daemon({
    dataDir: join(dir, 'data'),
    args: [log, '--rules', 'none', '--port', '0', ...args],
  })
  await daemon.ready()
  return { daemon, port: Number(new URL(await daemon.up()).port) }
}
