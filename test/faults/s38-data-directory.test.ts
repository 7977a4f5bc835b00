/** S38: a lesser user has prepared the data directory, or may write in it. The daemon refuses to
 *  start rather than write through a link or trust files that are not its own. */
import { chmodSync, chownSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs' // prettier-ignore
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command, Daemon, folder, type Told } from './daemon.ts'

const nobody = 65_534
const isRoot = process.geteuid?.() === 0

/** A folder with a log, and a data directory made by somebody before. */
function scene(): { dir: string; log: string; data: string } {
  const dir = folder()
  const log = join(dir, 'access.log')
  const data = join(dir, 'data')
  writeFileSync(log, '')
  mkdirSync(data, { mode: 0o700 })
  return { dir, log, data }
}

function run(log: string, data: string, prefix: readonly string[] = []): Told {
  return command(['run', log, '--data', data, '--rules', 'none', '--port', '0'], prefix)
}

test.each(['state.db', 'state.db-wal', 'events.db', 'daemon.json', 'lock', 'spool'])(
  'S38: a link under the name of %s is refused, and what it leads to is left alone',
  (name) => {
    const { dir, log, data } = scene()
    const target = join(dir, 'target')
    writeFileSync(target, 'precious')
    symlinkSync(target, join(data, name))
    const told = run(log, data)
    expect(told.stderr).toContain(
      `${join(data, name)} cannot keep the store: it is a symbolic link: remove it [STORE_UNWRITABLE]`,
    )
    expect(told.code).toBe(4)
    expect(readFileSync(target, 'utf8')).toBe('precious')
    expect(readdirSync(data)).toEqual([name])
  },
)

test.each(['0770', '0702', '1777'])(
  'S38: a directory of mode %s, in which others may write, is refused with its remedy',
  (mode) => {
    const { log, data } = scene()
    chmodSync(data, Number.parseInt(mode, 8))
    const told = run(log, data)
    expect(told.stderr).toContain(`lets other users write in it: chmod 0700 ${data}`)
    expect(told.stderr).toContain('[STORE_UNWRITABLE]')
    expect(told.code).toBe(4)
    expect(readdirSync(data)).toEqual([])
  },
)

test('S38: a directory of another user is refused', (context) => {
  context.skip(!isRoot, 'needs root to give a directory to another user')
  const { log, data } = scene()
  chownSync(data, nobody, nobody)
  const told = run(log, data)
  expect(told.stderr).toContain(`${data} cannot keep the store: it belongs to user ${nobody}`)
  expect(told.code).toBe(4)
  expect(readdirSync(data)).toEqual([])
})

test('S38: a directory that this user cannot write in is refused', (context) => {
  context.skip(!isRoot, 'needs root to become a lesser user')
  const { dir, log, data } = scene()
  chmodSync(dir, 0o755)
  chmodSync(data, 0o755)
  const become = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']
  const told = run(log, data, become)
  expect(told.stderr).toContain(`${data} cannot keep the store: `)
  expect(told.stderr).toContain('name another by --data')
  expect(told.code).toBe(4)
})

test('S38: what the daemon makes is for its own user alone, whatever the umask', async () => {
  const { log, data } = scene()
  const prefix = ['sh', '-c', 'umask 0; exec "$@"', 'sh']
  const args = [log, '--rules', 'none', '--port', '0']
  const inner = join(data, 'a', 'b')
  const daemon = await new Daemon({ dataDir: inner, args, prefix }).ready()
  expect(statSync(inner).mode & 0o777).toBe(0o700)
  const open = readdirSync(inner).filter((name) => (statSync(join(inner, name)).mode & 0o077) !== 0)
  expect(open).toEqual([])
  expect(readdirSync(inner)).toEqual(expect.arrayContaining(['daemon.json', 'lock', 'state.db']))
  await daemon.stop()
})
