/** Where a command finds the daemon that it asks, and the store behind it. */
import type { Config } from '../config.ts'
import { findDaemon, type Client } from './client.ts'
import { configOf } from './engine.ts'
import { dataDirOf, type Io } from './io.ts'

/** Options of every command that asks a daemon. */
export interface DaemonOptions {
  readonly config?: string
  readonly data?: string
  readonly server?: string
  readonly tokenFile?: string
}

export interface DaemonPlace {
  readonly config: Config
  readonly dataDir: string
  /** null when no daemon runs on the data directory and no server was named. */
  readonly client: Client | null
}

/** @throws CONFIG_INVALID, SERVER_UNREACHABLE, or what a token file has wrong. */
export async function placeOf(io: Io, options: DaemonOptions): Promise<DaemonPlace> {
  const config = configOf(options)
  const { data, server, tokenFile } = options
  const dataDir = dataDirOf(data ?? config.store.path ?? undefined, io.env)
  const client = await findDaemon({ server, tokenFile, dataDir, env: io.env })
  return { config, dataDir, client }
}
