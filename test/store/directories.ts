/** Temporary directories that vanish with the test that made them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** An empty directory of mode 0700. */
export async function temporaryDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lastpush-test-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}
