/** Where the server may be reached: loopback addresses, and with a token any address. Without one
 *  whoever reaches it may read every log line. */
import { isIP, isIPv4 } from 'node:net'
import { LastpushError } from '../model/errors.ts'

/** The address to bind for a configured host. `localhost` is 127.0.0.1 whatever a hosts file says;
 *  every other name is refused, because what it means can change.
 *  @param hasToken Whether the server asks for one. */
export function bindAddress(host: string, hasToken: boolean): string {
  const address = /^\[.*\]$/.test(host) ? host.slice(1, -1) : host
  if (address === 'localhost') return '127.0.0.1'
  if (isLoopback(address) || (hasToken && isIP(address) !== 0)) return address
  const given = JSON.stringify(host)
  throw new LastpushError(
    'BIND_REFUSED',
    isIP(address) === 0
      ? `${given} is no IP address: name one, such as 127.0.0.1, or 0.0.0.0 with http.token_file set`
      : `${given} is not a loopback address, and without a token whoever reaches it may read every` +
          ' log line: set http.token_file (or http.token_env), or listen on 127.0.0.1 and use an SSH' +
          ' tunnel to reach it from elsewhere',
  )
}

export function isLoopback(address: string): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'))
}

/** `http://host:port` for programs of this machine, with brackets where the host needs them. */
export function originOf(address: string, port: number): string {
  const reached = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
  const host = reached.includes(':') ? `[${reached}]` : reached
  return port === 80 ? `http://${host}` : `http://${host}:${port}`
}

/** What to tell a person whose port could not be bound. */
export function bindError(error: NodeJS.ErrnoException, address: string, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    const message =
      `port ${port} on ${address} is taken: stop the process that has it` +
      ` (ss -ltnp 'sport = :${port}' names it), or choose another port`
    return new LastpushError('PORT_IN_USE', message, { cause: error })
  }
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL') {
    const why = error.code === 'EACCES' ? 'this user may not bind it' : 'this machine lacks it'
    const message = `${address} port ${port} cannot be bound: ${why}`
    return new LastpushError('BIND_REFUSED', message, { cause: error })
  }
  return error
}
