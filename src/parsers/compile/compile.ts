/** Chooses the fastest form that a parser's patterns allow: a WebAssembly module with SIMD, generated
 *  JavaScript where that is missing, and RE2 for what neither can do. All give the same columns.
 *  It is made when it is needed, as most commands use one parser of all they load. */
import type { Columns } from '../../model/columns.ts'
import type { Form, ParseContext, Parser, ParserForm, Scanner } from '../parser.ts'
import { regexParser, type DeclaredParts } from '../regex-parser.ts'
import { completion } from './compiled-parser.ts'
import type { Kernel } from './kernel.ts'
import { jsKernel } from './kernel-js.ts'
import { wasmKernel } from './kernel-wasm.ts'
import { planOf, type Plan } from './plan.ts'
import { SharedBatch, sharedKernel } from './shared-batch.ts'

/** Bytes that RE2 takes before a parser is compiled: enough to tell the format of a file, after which
 *  most parsers are not asked again. Compiling one takes 5 to 20 ms. */
const firstBytesMax = 32_768

/** @param form The fastest form to be tried, at once; default the fastest of all, when it pays. */
export function compile(parts: DeclaredParts, form?: Form): Parser {
  const exact = regexParser(parts)
  let made: Made | null = null
  let first = 0
  const compiled = (): Made => (made ??= make(parts, form ?? 'wasm'))
  return {
    ...exact,
    runs: () => compiled().runs,
    scanner: () => compiled().scanner,
    parse: (bytes, context) => {
      if (made === null && form === undefined && first + bytes.length <= firstBytesMax) {
        first += bytes.length
        return exact.parse(bytes, context)
      }
      return compiled().parse(bytes, context)
    },
  }
}

interface Made {
  readonly runs: ParserForm
  readonly parse: (bytes: Buffer, context: ParseContext) => Columns
  readonly scanner: Scanner | null
}

function make(parts: DeclaredParts, form: Form): Made {
  const plan = planOf(parts)
  const patterns = plan.forms
  const kernel = form === 're2' || !plan.worthwhile ? null : kernelOf(plan, form)
  if (kernel !== null) {
    const columns = completion(parts, plan.layout)
    const zoneOf = (zone: string): string => parts.zone ?? zone
    const parse: Made['parse'] = (bytes, context) =>
      columns(bytes, kernel.kernel.scan(bytes, zoneOf(context.zone), context.room), context)
    const scanner: Scanner = {
      share: () => new SharedBatch(plan),
      attach: (memory) => {
        const shared = sharedKernel(plan, memory)
        return (length, zone) => shared.scanInPlace(length, zoneOf(zone))
      },
      columns,
    }
    return { runs: { form: kernel.form, patterns }, parse, scanner: kernel.form === 'wasm' ? scanner : null } // prettier-ignore
  }
  const exact = regexParser(parts)
  const parse: Made['parse'] = (bytes, context) => exact.parse(bytes, context)
  return { runs: { form: 're2', patterns }, parse, scanner: null }
}

function kernelOf(plan: Plan, form: Form): { kernel: Kernel; form: Form } | null {
  const wasm = form === 'wasm' ? wasmKernel(plan) : null
  if (wasm !== null) return { kernel: wasm, form: 'wasm' }
  try {
    return { kernel: jsKernel(plan), form: 'js' }
  } catch (error) {
    // Node may be told to make no code from text; RE2 needs none.
    if (error instanceof EvalError) return null
    throw error
  }
}
