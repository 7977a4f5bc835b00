/** lastpush as a contestant: one pass over files, and what its summary tells. */
import { join } from 'node:path'
import type { Summary } from '../src/cli/summary.ts'
import { root } from './folder.ts'
import type { Told } from './told.ts'

/** The built program, as a command. */
export const lastpush = [process.execPath, join(root, 'dist/main.js')] as const

/** A pass on one thread that prints one JSON object; the shipped rules when `options` name no others,
 *  and more threads when they say so: what CPU time a line takes is asked of one. */
export function onePass(log: string, ...options: readonly string[]): readonly string[] {
  return [...lastpush, 'run', log, '--once', '--json', '--workers', '0', ...options]
}

export function tellsStatuses(output: string): Told {
  const { lines, unparsed, status } = JSON.parse(output) as Summary
  return { lines, unparsed, counts: status }
}

export function tellsLevels(output: string): Told {
  const { lines, continued, unparsed, level, events } = JSON.parse(output) as Summary
  const named = Object.values(level).reduce((sum, count) => sum + count, 0)
  const none = events - named
  return { lines, continued, unparsed, counts: none === 0 ? level : { ...level, none } }
}
