/** F40: the data directory cannot be written. The daemon refuses to start within seconds, by path. */
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command, folder } from './daemon.ts'
import { RequestLog } from './requests.ts'

const nobody = 65_534
const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']
const refusedWithinMs = 5_000

test.each([
  ['that is read-only', 0o500, nobody, ''],
  ['that may not even be entered', 0o000, nobody, ''],
  ['below one where nothing may be made', 0o755, 0, 'data/below'],
])('F40: a data directory %s is refused by its path in time', (_, mode, owner, below) => {
  if (process.geteuid?.() !== 0) return
  const dir = folder()
  const log = new RequestLog(dir)
  chmodSync(dir, 0o755)
  const data = join(dir, 'data')
  mkdirSync(data)
  chownSync(data, owner, owner)
  chmodSync(data, mode)
  const named = below === '' ? data : join(dir, below)
  const asked = performance.now()
  const told = command(['run', ...log.args, '--data', named], asNobody)
  expect(performance.now() - asked).toBeLessThan(refusedWithinMs)
  expect(told.stderr).toContain(`${named} cannot keep the store: `)
  expect(told.stderr).toContain('make it writable for this user, or name another by --data')
  expect(told.code).toBe(4)
})
