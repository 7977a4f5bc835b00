/** How much does it cost to read JSON logs?
 *
 *  Held against JSON.parse on every line, which is the floor of anything that makes objects, and
 *  against Python's json. Both scripts look at nothing but the level; lastpush finds time, level,
 *  message, service and status under the names of a dozen loggers, flattens what is nested, and
 *  signs errors. Counts by level and lines that are no JSON agree, or the run fails. */
import { join } from 'node:path'
import { linesOf, roundsOf, type Benchmark } from './benchmark.ts'
import { onePass, tellsLevels } from './lastpush.ts'
import { jsonLinesLog } from './logs.ts'
import { firstLine, peersDir } from './peers.ts'
import { raceOver } from './race-report.ts'
import { readTold } from './told.ts'

const parser = ['--parser', 'json'] as const

export const jsonLines: Benchmark = {
  name: 'json-lines',
  question: 'What does it cost to read JSON logs?',
  async run(settings) {
    const log = jsonLinesLog(linesOf(settings, 2_000_000, 50_000))
    const script = (name: string) => join(peersDir, name)
    const python = firstLine(['python3', '--version'])
    const contestants = [
      {
        name: 'readline + JSON.parse',
        command: [process.execPath, script('json-readline.mjs'), log.path],
        tells: readTold,
      },
      ...(python === null
        ? []
        : [{ name: 'Python, json', command: ['python3', script('json_lines.py'), log.path], tells: readTold }]), // prettier-ignore
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
      notes: python === null ? ['Python, json: not here, left out'] : [],
      versions: python === null ? {} : { 'Python, json': python },
    }
  },
}
