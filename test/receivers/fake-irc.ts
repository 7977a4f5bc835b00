/** An IRC server that behaves as a test says, for what ngircd does not do: flood control that cuts,
 *  nicks that are all taken, accounts. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Called with each line of the client; what it returns is sent, a line each. */
export type Answer = (line: string, socket: Socket) => readonly string[]

export class FakeIrc {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly lines: string[] = []
  connections = 0

  constructor(answer: Answer) {
    this.#server = createServer((socket) => {
      this.connections += 1
      this.#sockets.add(socket)
      let rest = ''
      socket.on('error', () => {})
      socket.setEncoding('utf8').on('data', (text: string) => {
        const parts = (rest + text).split('\r\n')
        rest = parts.pop() ?? ''
        for (const line of parts) {
          this.lines.push(line)
          for (const reply of answer(line, socket)) socket.write(`${reply}\r\n`)
        }
      })
    })
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}

/** Lets everybody in and answers each PING. */
export const friendly: Answer = (line) => {
  const [command = '', argument = ''] = line.split(' ')
  if (command === 'USER') return [':irc.test 001 lastpush :welcome', ':irc.test 376 lastpush :end']
  if (command === 'JOIN') return [`:lastpush!l@host JOIN ${argument}`]
  if (command === 'PING') return [`:irc.test PONG irc.test ${argument}`]
  return []
}
