/** Does memory grow with the length of a log? Peak memory of the same pass over 100,000 and over
 *  1,000,000 lines, default rules on; the bound that is promised is 300 MB for the longer one. */
import { compare, table } from './measure.ts'
import { lastpush, sampleLog } from './sample.ts'

export function memory(): string {
  const [short, long] = [sampleLog(100_000), sampleLog(1_000_000)]
  const figures = compare(
    [
      { name: '100,000 lines', command: [...lastpush, 'run', short.path, '--once', '--json'] },
      { name: '1,000,000 lines', command: [...lastpush, 'run', long.path, '--once', '--json'] },
    ],
    1,
  )
  return table(figures, '100,000 lines', long.bytes)
}
