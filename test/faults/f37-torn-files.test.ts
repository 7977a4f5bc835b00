/** F37: what a power cut leaves of the store: its two files as they were at some moment in the middle
 *  of the writing, the end of the write-ahead log torn off. It opens as it was after one of its
 *  commits, and goes on from there. */
import { copyFileSync, existsSync, mkdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openStateReader } from '../../src/store/sqlite.ts'
import { Daemon, folder, full } from './daemon.ts'
import { seeded } from './random.ts'
import { RequestLog } from './requests.ts'

const copies = full ? 50 : 3
const files = ['state.db', 'events.db']

test(
  `F37: ${copies} torn copies of a store in use open as it was, and every line counts once`,
  { timeout: copies * 10_000 + 60_000 },
  async () => {
    const random = seeded()
    const dir = folder()
    const log = new RequestLog(dir)
    const dataDir = join(dir, 'data')
    const daemon = await new Daemon({ dataDir, args: log.args }).ready()
    const torn: string[] = []
    while (torn.length < copies) {
      log.append(1 + random.below(200))
      await delay(random.below(300))
      const copy = join(dir, `copy${torn.length}`)
      if (!copied(dataDir, copy, torn.length % 2 === 0)) continue
      // Two of three lose a part of what the state had not yet folded in. The index is synced before
      // the state forgets what it holds, so that is never behind.
      const wal = join(copy, 'state.db-wal')
      if (torn.length % 3 > 0) truncateSync(wal, random.below(statSync(wal).size + 1))
      torn.push(copy)
    }
    await log.settle(daemon)
    for (const copy of torn) {
      const stored = await linesIn(copy, log.path)
      expect(stored).toBeLessThanOrEqual(log.lines)
      await log.settle(await new Daemon({ dataDir: copy, args: log.args }).ready())
    }
  },
)

/** Copies both databases, the log of each first or last. False when one was changed meanwhile: the
 *  main file is written only after the log is on the disk, so no power cut leaves such a pair. */
function copied(from: string, to: string, walFirst: boolean): boolean {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  const changed = () => files.map((file) => statSync(join(from, file)).mtimeMs).join()
  const before = changed()
  for (const file of files) {
    const pair = walFirst ? [`${file}-wal`, file] : [file, `${file}-wal`]
    for (const name of pair) copyFileSync(join(from, name), join(to, name))
  }
  return changed() === before
}

async function linesIn(dataDir: string, path: string): Promise<number> {
  expect(existsSync(join(dataDir, 'state.db'))).toBe(true)
  const reader = await openStateReader(dataDir)
  const partitions = await reader.records('partition')
  await reader.close()
  return (partitions.get(path) as { lines: number } | undefined)?.lines ?? 0
}
