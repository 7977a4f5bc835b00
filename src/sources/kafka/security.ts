/** How the brokers are spoken to: certificates, passwords, and where connections may go. Secrets are
 *  read each time a client is made, so that a renewed one needs no restart, and stay in the client. */
import { readFile } from 'node:fs/promises'
import { lookup } from 'node:dns'
import { BlockList, connect, isIP, type LookupFunction } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import type { ISocketFactory, SASLOptions } from 'kafkajs'
import { readSecret } from '../../flow/secret.ts'
import type { KafkaOptions } from './options.ts'

/** @throws Error that names the file which cannot be read. */
export async function readTls(tls: KafkaOptions['tls']): Promise<ConnectionOptions | null> {
  if (tls === undefined) return null
  const [ca, cert, key] = await Promise.all([tls.ca_file, tls.cert_file, tls.key_file].map(read))
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.server_name === undefined ? {} : { servername: tls.server_name }),
  }
}

async function read(file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined
  try {
    return await readFile(file)
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown'
    throw new Error(`${file} cannot be read: ${why}`, { cause: error })
  }
}

/** @throws Error that names the place of a password which is not there, never what it holds. */
export async function readLogin(sasl: KafkaOptions['sasl']): Promise<SASLOptions | null> {
  if (sasl === undefined) return null
  const { mechanism, username } = sasl
  const secret = await readSecret({ file: sasl.password_file, env: sasl.password_env })
  if (!secret.ok) throw new Error(secret.fault)
  return { mechanism, username, password: secret.value }
}

/** Where a cloud's machines tell their secrets to whoever asks. */
const linkLocal = new BlockList()
linkLocal.addSubnet('169.254.0.0', 16)
linkLocal.addSubnet('fe80::', 10, 'ipv6')

/**
 * Opens the client's connections. Brokers tell the addresses of other brokers: one that tells a
 * link-local address, which no cluster is reached by, is not followed unless the configuration
 * itself names it.
 */
export function socketFactory(brokers: readonly string[]): ISocketFactory {
  const named = new Set(brokers.map((broker) => broker.slice(0, broker.lastIndexOf(':'))))
  return ({ host, port, ssl, onConnect }) => {
    const isNamed = named.has(host) || named.has(`[${host}]`)
    if (!isNamed && isLinkLocal(host)) throw new Error(refusal(host))
    const where = { host, port, ...(isNamed ? {} : { lookup: guardedLookup }) }
    const options = ssl as ConnectionOptions | null | undefined
    if (!options) return connect(where, onConnect)
    const name = isIP(host) > 0 ? {} : { servername: host }
    return connectTls({ ...name, ...where, ...options }, onConnect)
  }
}

function isLinkLocal(address: string): boolean {
  const family = isIP(address)
  return family > 0 && linkLocal.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

const refusal = (address: string) => `a broker named the link-local address ${address}`

const guardedLookup: LookupFunction = (host, options, done) => {
  lookup(host, options, (error, address, family) => {
    const found =
      typeof address === 'string' ? [address] : (address ?? []).map((each) => each.address)
    const bad = found.find(isLinkLocal)
    if (error === null && bad !== undefined) done(new Error(refusal(bad)), '')
    else done(error, address, family)
  })
}
