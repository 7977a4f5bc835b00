/** How much does it cost to read a PHP error log with its stack traces?
 *
 *  The scripts do what a user's script would: one RegExp for lines that go on, one for heads,
 *  counts by level; both agree with lastpush in events, continued lines and levels, or the run
 *  fails. Not fair to lastpush in that it also has times, the trace of each event, and a signature
 *  for each message, which is what error logs are read for; the scripts have none of these. */
import { join } from 'node:path'
import { linesOf, roundsOf, type Benchmark } from './benchmark.ts'
import { onePass, tellsLevels } from './lastpush.ts'
import { phpErrorLog } from './logs.ts'
import { firstLine, peersDir } from './peers.ts'
import { raceOver } from './race-report.ts'
import { readTold } from './told.ts'

const parser = ['--parser', 'php_error'] as const

export const phpErrors: Benchmark = {
  name: 'php-errors',
  question: 'What does it cost to read a PHP error log with its stack traces?',
  async run(settings) {
    const log = phpErrorLog(linesOf(settings, 1_000_000, 50_000))
    const script = (name: string) => join(peersDir, name)
    const python = firstLine(['python3', '--version'])
    const contestants = [
      {
        name: 'readline + RegExp',
        command: [process.execPath, script('php-readline.mjs'), log.path],
        tells: readTold,
      },
      ...(python === null
        ? []
        : [
            {
              name: 'Python, re',
              command: ['python3', script('php.py'), log.path],
              tells: readTold,
            },
          ]),
      {
        name: 'lastpush, no rules',
        command: onePass(log.path, ...parser, '--rules', 'none'),
        tells: tellsLevels,
      },
      {
        name: 'lastpush, shipped rules',
        command: onePass(log.path, ...parser),
        tells: tellsLevels,
      },
    ]
    return {
      ...raceOver(log, contestants, roundsOf(settings, 3)),
      notes: python === null ? ['Python, re: not here, left out'] : [],
      versions: python === null ? {} : { 'Python, re': python },
    }
  },
}
