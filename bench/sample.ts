/** An access log of any length: the real sample in `../shared/data` repeated, or, where that is
 *  absent, lines of the golden file. Kept in the temporary folder between runs. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const real = join(root, '../shared/data/apache-combined-10k.log')
const golden = join(root, 'test/golden/apache_combined/input.log')

/** The built program, as a command. */
export const lastpush = [process.execPath, join(root, 'dist/main.js')] as const

export function sampleLog(lines: number): { path: string; bytes: number } {
  const dir = join(tmpdir(), 'lastpush-bench')
  mkdirSync(dir, { recursive: true })
  const path = join(dir, `access-${lines}.log`)
  if (!existsSync(path)) {
    const sample = readFileSync(existsSync(real) ? real : golden)
    const text = sample.at(-1) === 10 ? sample : Buffer.concat([sample, Buffer.from('\n')])
    const per = text.filter((byte) => byte === 10).length
    writeFileSync(path, Buffer.concat(new Array<Buffer>(Math.ceil(lines / per)).fill(text)))
  }
  return { path, bytes: statSync(path).size }
}

/** The same log with a path of its own in every line, so that nothing can be remembered of one. */
export function distinctLog(lines: number): { path: string; bytes: number } {
  const { path: plain } = sampleLog(lines)
  const path = plain.replace(/\.log$/, '-distinct.log')
  if (!existsSync(path)) {
    let n = 0
    const text = readFileSync(plain, 'latin1')
    writeFileSync(
      path,
      text.replace(/ HTTP\/1/g, () => `/${(n++).toString(36)} HTTP/1`),
      'latin1',
    )
  }
  return { path, bytes: statSync(path).size }
}
