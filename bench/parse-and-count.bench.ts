/** How much does it cost to parse every field of an access log and count its statuses?
 *
 *  Fair to `wc` and to the readline script in that all read the same file from the page cache and
 *  start-up counts. Not fair to lastpush in that it also decides times, lateness and services; not
 *  fair to the script in that lastpush runs no rule here. Peak memory is that of the process. */
import { join } from 'node:path'
import { compare, table } from './measure.ts'
import { lastpush, sampleLog } from './sample.ts'

const runs = 3

export function parseAndCount(): string {
  const { path, bytes } = sampleLog(200_000)
  const script = join(import.meta.dirname, 'peers/readline.mjs')
  const figures = compare(
    [
      { name: 'wc -l', command: ['wc', '-l', path] },
      { name: 'readline + RegExp', command: [process.execPath, script, path] },
      {
        name: 'lastpush, no rules',
        command: [...lastpush, 'run', path, '--once', '--json', '--rules', 'none'],
      },
      { name: 'lastpush, default rules', command: [...lastpush, 'run', path, '--once', '--json'] },
    ],
    runs,
  )
  return table(figures, 'readline + RegExp', bytes)
}
