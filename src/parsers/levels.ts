/** The words that programs have for severities → our eight levels. */
import { levels, type Level } from '../model/event.ts'

/** Names beyond our own, lower case. */
const otherNames: Readonly<Record<Level, readonly string[]>> = {
  emerg: ['emergency', 'panic'],
  alert: [],
  crit: ['critical', 'fatal'],
  error: ['err', 'severe'],
  warn: ['warning'],
  notice: [],
  info: ['information', 'informational', 'log'],
  debug: ['trace', 'verbose', 'fine', ...Array.from({ length: 8 }, (_, n) => `trace${n + 1}`)],
}

const byName = new Map<string, Level>(
  levels.flatMap((level) => [level, ...otherNames[level]].map((name) => [name, level] as const)),
)

/** Numbers by their writers: syslog 0–7, pino and bunyan 10–60, Monolog 100–600. */
const byNumber = new Map<number, Level>([
  ...levels.map((level, severity) => [severity, level] as const),
  [10, 'debug'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'crit'],
  [100, 'debug'],
  [200, 'info'],
  [250, 'notice'],
  [300, 'warn'],
  [400, 'error'],
  [500, 'crit'],
  [550, 'alert'],
  [600, 'emerg'],
])

/** The level that a word in any case, or a program's number, stands for; null when unknown. */
export function toLevel(value: string | number): Level | null {
  if (typeof value === 'number') return byNumber.get(value) ?? null
  return byName.get(value.toLowerCase()) ?? null
}
