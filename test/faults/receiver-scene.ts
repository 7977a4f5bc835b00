/** One log, one rule that fires for each failing path and ends when the path is well again, and one
 *  receiver: the least that makes a daemon page somebody. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Daemon, until } from './daemon.ts'
import { accessTime } from './writer.ts'
import type { ReceiverStatus } from '../../src/server/view.ts'

export interface Scene {
  readonly dataDir: string
  /** After `run --data DIR`. */
  readonly args: readonly string[]
  /** A request that failed, now. */
  readonly fail: (path: string) => void
  /** A request that went well, now; it also moves event time on. */
  readonly pass: (path: string) => void
}

/** @param receiver YAML of the receiver `told`, which gets every page.
 *  @param others YAML of further ones, which get none. */
export function writeScene(dir: string, receiver: string, others = ''): Scene {
  const config = join(dir, 'lastpush.yaml')
  const log = join(dir, 'access.log')
  writeFileSync(log, '')
  writeFileSync(
    join(dir, 'rule.yaml'),
    'name: failure\ntype: frequency\nquery: status:500\nnum_events: 1\ntimeframe: 1s\n' +
      'keep_firing_for: 1s\nby: [service, path]\n',
  )
  writeFileSync(
    config,
    `lateness: 0s
sources: [{ file: { paths: [${log}], from: beginning }, parser: apache_combined, service: web }]
rules: [rule.yaml]
receivers: { told: ${receiver}${others} }
route: { receiver: told, group_by: [path], group_wait: 0s, group_interval: 1s }
http: { port: 0 }
`,
  )
  const request = (path: string, status: number): void =>
    appendFileSync(
      log,
      `10.0.0.7 - - [${accessTime(Date.now())}] "GET ${path} HTTP/1.1" ${status} 512 "-" "-"\n`,
    )
  return {
    dataDir: join(dir, 'data'),
    args: ['-c', config],
    fail: (path) => request(path, 500),
    pass: (path) => request(path, 200),
  }
}

/** The only receiver of a scene, once it fulfils a condition. */
export async function receiverWhere(
  daemon: Daemon,
  what: string,
  holds: (receiver: ReceiverStatus) => boolean,
): Promise<ReceiverStatus> {
  let last: ReceiverStatus | undefined
  const look = async (): Promise<ReceiverStatus | false> => {
    ;[last] = (await daemon.status()).receivers
    return last !== undefined && holds(last) && last
  }
  return until(what, look, 30_000, () => `${JSON.stringify(last)} ${daemon.stderr}`)
}

/** The value of a metric with the label `receiver="told"`. */
export async function metricOf(daemon: Daemon, name: string): Promise<number> {
  const text = await (await fetch(`${await daemon.up()}/metrics`)).text()
  const value = new RegExp(`^${name}\\{receiver="told"\\} (\\S+)$`, 'm').exec(text)?.[1]
  return Number(value)
}
