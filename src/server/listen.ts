/** Where the server may be reached: loopback addresses only. The API has no password, so whoever
 *  reaches it may read every log line. */
import { isIPv4 } from 'node:net'
import { LastpushError } from '../model/errors.ts'

/** The address to bind for a configured host. `localhost` is 127.0.0.1 whatever a hosts file says;
 *  every other name is refused, because what it means can change. */
export function loopbackAddress(host: string): string {
  if (host === 'localhost') return '127.0.0.1'
  if (host === '::1' || host === '[::1]') return '::1'
  if (isIPv4(host) && host.startsWith('127.')) return host
  throw new LastpushError(
    'BIND_REFUSED',
    `${JSON.stringify(host)} is not a loopback address: the server has no password, so it listens` +
      ' on 127.0.0.1, ::1 or localhost only; use an SSH tunnel to reach it from elsewhere',
  )
}

/** `http://host:port`, with brackets where the host needs them. */
export function originOf(address: string, port: number): string {
  const host = address.includes(':') ? `[${address}]` : address
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
