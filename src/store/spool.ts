/** Deploys that were reported while no daemon ran: `<data>/spool/deploys.ndjson`, one JSON object
 *  a line. Commands append, the daemon takes up. The file is renamed before it is read and deleted
 *  only after its deploys are committed; a crash in between hands the same deploys over again,
 *  which their ids make harmless. Lines that are no deploy go to `deploys.rejected.ndjson`. */
import { constants } from 'node:fs'
import type { Stats } from 'node:fs'
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { LastpushError } from '../model/errors.ts'
import { shaPattern, type Deploy } from '../model/deploy.ts'
import { failPoint } from '../flow/fail-points.ts'
import type { Log } from '../flow/log.ts'
import { directoryMode, fileMode, prepareDataDir, syncDirectory } from './data-dir.ts'

/** About 50,000 deploys; a spool that has grown this far has no daemon that takes it up. */
const spoolBytesMax = 16 * 1024 * 1024

/** A daemon may take the file away while a line is written; that cannot happen this often. */
const appendAttemptsMax = 5

const newline = 10

const time = z.iso.datetime()
const text = z.string().max(2_000)

const deploySchema = z.object({
  id: z.string().min(1).max(200),
  sha: z.string().regex(shaPattern),
  previous: text.nullable(),
  env: text,
  service: text.nullable(),
  by: text.nullable(),
  url: text.nullable(),
  start: time,
  end: time.nullable(),
  kind: z.enum(['push', 'rollback', 'config']),
  status: z.enum(['running', 'done', 'failed']),
})

/**
 * Adds one deploy to the spool; it is on the disk when the promise resolves.
 * @throws LastpushError DEPLOY_INVALID, STORE_UNWRITABLE, or STORE_FULL when the disk or the spool
 *   is full.
 */
export async function appendToSpool(dataDir: string, deploy: Deploy): Promise<void> {
  const { dir, waiting } = await spoolPaths(dataDir)
  const line = `${JSON.stringify(checked(deploy))}\n`
  for (let attempt = 0; attempt < appendAttemptsMax; attempt++) {
    if (await appendOnce(waiting, line)) return syncDirectory(dir)
  }
  throw new LastpushError('STORE_UNWRITABLE', `${waiting} is taken away at every try: try again`)
}

/**
 * Hands all spooled deploys to `accept`, in the order they came, and removes them when it has
 * resolved. When it rejects they stay for the next time, and the error is passed on.
 * @param accept Commits the deploys; may see one again after a crash.
 * @returns How many deploys were taken up and how many lines were rejected.
 */
export async function takeUpSpool(
  dataDir: string,
  accept: (deploys: readonly Deploy[]) => Promise<void>,
  log: Log,
): Promise<{ deploys: number; rejected: number }> {
  const { dir, waiting, taken, aside } = await spoolPaths(dataDir)
  const total = { deploys: 0, rejected: 0 }
  // First what a crash has left, then what came since; renaming earlier would overwrite it.
  for (const rest of [true, false]) {
    if (!rest && !(await moved(waiting, taken))) continue
    const lines = await readLines(taken)
    if (lines === null) continue
    const { deploys, rejected } = sort(lines)
    if (rejected.length > 0) {
      log.warn({ file: aside, lines: rejected.length }, 'spooled lines are no deploys; kept aside')
      await appendOnce(aside, `${rejected.join('\n')}\n`)
    }
    if (deploys.length > 0) await accept(deploys)
    failPoint('spool-before-remove')
    await rm(taken)
    syncDirectory(dir)
    total.deploys += deploys.length
    total.rejected += rejected.length
  }
  return total
}

interface SpoolPaths {
  readonly dir: string
  readonly waiting: string
  readonly taken: string
  readonly aside: string
}

async function spoolPaths(dataDir: string): Promise<SpoolPaths> {
  const dir = join(await prepareDataDir(dataDir), 'spool')
  await mkdir(dir, { mode: directoryMode }).catch(unlessThere)
  return {
    dir,
    waiting: join(dir, 'deploys.ndjson'),
    taken: join(dir, 'deploys.taken.ndjson'),
    aside: join(dir, 'deploys.rejected.ndjson'),
  }
}

/** False when the file was taken away meanwhile, so that nobody may read what was written. */
async function appendOnce(path: string, line: string): Promise<boolean> {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW
  const file = await open(path, flags, fileMode).catch((error: unknown) => {
    throw spoolError(path, error)
  })
  try {
    const before = await file.stat()
    if (before.size + Buffer.byteLength(line) > spoolBytesMax) {
      throw tooLarge(path)
    }
    // A line that a crash cut off must not swallow the next one.
    await file.writeFile((await endsInLine(file, before)) ? line : `\n${line}`)
    await file.sync()
    const now = await lstat(path).catch(() => null)
    return now !== null && now.ino === before.ino && now.dev === before.dev
  } catch (error) {
    throw error instanceof LastpushError ? error : spoolError(path, error)
  } finally {
    await file.close()
  }
}

async function endsInLine(file: FileHandle, { size }: Stats): Promise<boolean> {
  if (size === 0) return true
  const last = Buffer.alloc(1)
  await file.read(last, 0, 1, size - 1)
  return last[0] === newline
}

/** Renames; false when there is nothing to rename. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw spoolError(from, error)
  }
}

async function readLines(path: string): Promise<string[] | null> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw spoolError(path, error)
  }
  try {
    if ((await file.stat()).size > spoolBytesMax) throw tooLarge(path)
    return (await file.readFile('utf8')).split('\n')
  } finally {
    await file.close()
  }
}

function sort(lines: readonly string[]): { deploys: Deploy[]; rejected: string[] } {
  const deploys: Deploy[] = []
  const rejected: string[] = []
  for (const line of lines) {
    if (line.trim() === '') continue
    const deploy = readDeploy(line)
    if (deploy === null) rejected.push(line)
    else deploys.push(deploy)
  }
  return { deploys, rejected }
}

function readDeploy(line: string): Deploy | null {
  try {
    return deploySchema.safeParse(JSON.parse(line)).data ?? null
  } catch {
    return null
  }
}

function checked(deploy: Deploy): Deploy {
  const { data, error } = deploySchema.safeParse(deploy)
  if (data !== undefined) return data
  const faults = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new LastpushError('DEPLOY_INVALID', `the deploy cannot be spooled: ${faults.join('; ')}`)
}

function tooLarge(path: string): LastpushError {
  const text = `${path} has reached its ${spoolBytesMax} bytes: start lastpush run, or move it away`
  return new LastpushError('STORE_FULL', text)
}

function unlessThere(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
}

function spoolError(path: string, error: unknown): LastpushError {
  const full = (error as NodeJS.ErrnoException).code === 'ENOSPC'
  const text = `the spool ${path} cannot be used: ${String(error)}`
  return new LastpushError(full ? 'STORE_FULL' : 'STORE_UNWRITABLE', text, { cause: error })
}
