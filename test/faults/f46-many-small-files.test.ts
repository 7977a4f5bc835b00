/** F46: far more files than may be open at once, each with a few lines and one that comes later. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { openFilesMax } from '../../src/sources/file-limits.ts'
import { SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from '../sources/log-dir.ts'
import { full } from './daemon.ts'

const files = full ? 10_000 : 1_000
/** What is held for a file, with the lines that the test keeps of it, bytes. */
const heldPerFileMax = 16_384

test(
  `F46: ${files} small files are read whole, in turns, in bounded memory`,
  { timeout: 180_000 },
  async () => {
    const logs = new LogDir()
    for (let file = 0; file < files; file++) logs.append(`${file}.log`, `${file} a\n${file} b\n`)
    const before = held()
    const recorder = new SourceRecorder().start(logs.source(['*.log']))
    await until(() => recorder.filled.length >= files, undefined, 90_000)
    for (let file = 0; file < files; file += 10) logs.append(`${file}.log`, `${file} c\n`)
    await until(() => recorder.filled.length >= files * 1.1, undefined, 90_000)
    const expected = Array.from({ length: files }, (_, file) => [
      `${file} a`,
      `${file} b`,
      ...(file % 10 === 0 ? [`${file} c`] : []),
    ])
    expect(recorder.lines().sort()).toEqual(expected.flat().sort())
    expect(files).toBeGreaterThan(openFilesMax)
    expect((held() - before) / files).toBeLessThan(heldPerFileMax)
  },
)

/** Memory that something still refers to, bytes. What waits to be collected is V8's affair: it lets
 *  that grow as long as there is room. */
function held(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
