/** The built program on the PATH of a test, and an environment of its own in which it runs. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../docs/generate.ts'

const program = `${root}dist/main.js`

/** A fresh folder with the command `lastpush` in `bin/`, and the environment that finds it there;
 *  data goes to `state/`. @throws Error when the program is not built. */
export function sandbox(): { folder: string; env: NodeJS.ProcessEnv } {
  if (!existsSync(program)) throw new Error('there is no dist/main.js: npm run build')
  const folder = mkdtempSync(join(tmpdir(), 'lastpush-docs-'))
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'lastpush'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
  chmodSync(join(bin, 'lastpush'), 0o755)
  const env = {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    XDG_STATE_HOME: join(folder, 'state'),
    TZ: 'UTC',
  }
  return { folder, env }
}
