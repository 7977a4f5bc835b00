/** The kernel in generated JavaScript: where WebAssembly has no SIMD, and as the check of it. */
import { splitLines } from '../lines.ts'
import { readDuration, readFloat, readInt } from '../numbers.ts'
import { emitJs, type Matcher } from './emit-js.ts'
import { kernelKind, type Kernel } from './kernel.ts'
import type { Plan } from './plan.ts'
import { verdict } from './program.ts'
import { RecentTime } from './times.ts'

export function jsKernel(plan: Plan): Kernel {
  const recent = new RecentTime(plan.times)
  const programs = [...plan.matchers, ...(plan.continuation === null ? [] : [plan.continuation])]
  const compiled = programs.filter((program) => program !== null)
  const form = emitJs(compiled, plan.clearing, plan.layout, {
    int: (bytes, start, end) => readInt(bytes as Buffer, start, end),
    float: (bytes, start, end) => readFloat(bytes as Buffer, start, end),
    seconds: (bytes, start, end) => readDuration(bytes as Buffer, start, end, 'seconds'),
    microseconds: (bytes, start, end) => readDuration(bytes as Buffer, start, end, 'microseconds'),
    time: (bytes, start, end) => {
      const time = recent.read(bytes as Buffer, start, end)
      return Number.isNaN(time) ? undefined : time
    },
  })
  const own = new Map(compiled.map((program, index) => [program, form.matchers[index]]))
  const matcherOf = (program: (typeof programs)[number]): Matcher =>
    (program === null ? undefined : own.get(program)) ?? (() => verdict.unsure)
  const matchers = plan.matchers.map(matcherOf)
  const continuation = plan.continuation === null ? null : matcherOf(plan.continuation)
  return {
    scan: (bytes, zone) => {
      recent.inZone(zone)
      const { rows, lineStart, lineEnd } = splitLines(bytes)
      const { positions: spans, numbers: reals } = plan.layout
      const positions: Int32Array[] = Array.from({ length: spans }, () => new Int32Array(rows))
      const numbers = Array.from({ length: reals }, () => new Float64Array(rows))
      positions[0] = lineStart
      positions[1] = lineEnd
      form.bind({ positions, numbers })
      const kind = new Uint8Array(rows)
      let unsure = 0
      for (let row = 0; row < rows; row++) {
        const start = lineStart[row] ?? 0
        const end = lineEnd[row] ?? 0
        const found = kindOf(matchers, continuation, bytes, start, end, row)
        kind[row] = found
        if (found !== kernelKind.event) form.clear(row)
        if (found === kernelKind.unsure) unsure += 1
      }
      return { rows, kind, positions, numbers, unsure }
    },
  }
}

function kindOf(
  matchers: readonly Matcher[],
  continuation: Matcher | null,
  bytes: Buffer,
  start: number,
  end: number,
  row: number,
): number {
  if (start === end) return kernelKind.unparsed
  if (continuation !== null) {
    const found = continuation(bytes, start, end, row)
    if (found !== verdict.no) return found === verdict.yes ? kernelKind.continuation : kernelKind.unsure // prettier-ignore
  }
  for (const match of matchers) {
    const found = match(bytes, start, end, row)
    if (found !== verdict.no) return found === verdict.yes ? kernelKind.event : kernelKind.unsure
  }
  return kernelKind.unparsed
}
