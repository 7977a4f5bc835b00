/** How much does it cost to find every field of an access log and to count its statuses in pieces
 *  of ten seconds of event time?
 *
 *  Fair to all in that they read the same file from the page cache, start-up counts, and nobody has
 *  a place in the table whose counts differ. Not fair to lastpush in that it also tells path from
 *  query, allows for escaped quotes, converts and judges times line by line, and counts by seconds.
 *  Fair to lastpush's peers in that their pattern is the simplest that gives the same counts. mtail
 *  counts without time, ripgrep finds no fields, `wc` no lines that fit; GoAccess fills all its
 *  panels. The sample repeats with its times, so most lines are late for decisions; they are parsed
 *  and counted like the others. What a thread more gives is wall time. The last row runs the shipped rules as well, which no peer does. */
import { linesOf, roundsOf, type Benchmark } from './benchmark.ts'
import { onePass, tellsStatuses } from './lastpush.ts'
import { accessLog } from './logs.ts'
import { presentPeers } from './peers.ts'
import { raceOver } from './race-report.ts'

/** 2 GB. */
const fullLines = 9_000_000
const quickLines = 100_000

export const parseAndCount: Benchmark = {
  name: 'parse-and-count',
  question: 'What does it cost to find every field of an access log and count its statuses?',
  async run(settings) {
    const log = accessLog(linesOf(settings, fullLines, quickLines))
    const { contestants, absent, versions } = presentPeers(log.path)
    const ours = [
      { name: 'lastpush, no rules', command: onePass(log.path, '--rules', 'none') },
      { name: 'lastpush, no rules, a thread more', command: onePass(log.path, '--rules', 'none', '--workers', '1') }, // prettier-ignore
      { name: 'lastpush, shipped rules', command: onePass(log.path) },
    ].map((each) => ({ ...each, tells: tellsStatuses }))
    const report = raceOver(log, [...contestants, ...ours], roundsOf(settings, 3))
    return { ...report, notes: absent, versions }
  },
}
