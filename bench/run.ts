/** Runs every benchmark, or those named, and prints their tables with the machine they ran on.
 *  usage: npm run bench [-- parse-and-count memory] */
import { cpus } from 'node:os'
import { alertPatterns } from './alert-patterns.bench.ts'
import { memory } from './memory.bench.ts'
import { parseAndCount } from './parse-and-count.bench.ts'
import { rules } from './rules.bench.ts'

const benchmarks: Readonly<Record<string, () => string>> = {
  'parse-and-count': parseAndCount,
  memory,
  rules,
  'alert-patterns': alertPatterns,
}

const wanted = process.argv.slice(2)
const { length, [0]: first } = cpus()
console.log(`Node ${process.versions.node}, ${length} x ${first?.model ?? 'unknown CPU'}\n`)
for (const [name, run] of Object.entries(benchmarks)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`## ${name}\n\n${run()}\n`)
}
