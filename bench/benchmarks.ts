/** The list of benchmarks, in the order in which they run. */
import { alertPatterns } from './alert-patterns.bench.ts'
import type { Benchmark } from './benchmark.ts'
import { idle } from './idle.bench.ts'
import { jsonKernel } from './json-kernel.bench.ts'
import { jsonLines } from './json-lines.bench.ts'
import { kernel } from './kernel.bench.ts'
import { latency } from './latency.bench.ts'
import { manyFiles } from './many-files.bench.ts'
import { memory } from './memory.bench.ts'
import { parseAndCount } from './parse-and-count.bench.ts'
import { phpErrors } from './php-errors.bench.ts'
import { rules } from './rules.bench.ts'
import { wholeWay } from './whole-way.bench.ts'

export const benchmarks: readonly Benchmark[] = [
  parseAndCount,
  kernel,
  jsonKernel,
  rules,
  alertPatterns,
  wholeWay,
  phpErrors,
  jsonLines,
  latency,
  manyFiles,
  idle,
  memory,
]
