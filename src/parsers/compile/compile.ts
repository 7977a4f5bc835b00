/** Chooses the fastest form that a parser's patterns allow: a WebAssembly module with SIMD, generated
 *  JavaScript where that is missing, and RE2 for what neither can do. All give the same columns.
 *  It is made when it is needed, as most commands use one parser of all they load. */
import type { Columns } from '../../model/columns.ts'
import type { Form, ParseContext, Parser, ParserForm } from '../parser.ts'
import { regexParser, type DeclaredParts } from '../regex-parser.ts'
import { compiledParser } from './compiled-parser.ts'
import { jsKernel } from './kernel-js.ts'
import { wasmKernel } from './kernel-wasm.ts'
import { planOf } from './plan.ts'

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
}

function make(parts: DeclaredParts, form: Form): Made {
  const plan = planOf(parts)
  const patterns = plan.forms
  if (form === 're2' || !plan.worthwhile) {
    const exact = regexParser(parts)
    return {
      runs: { form: 're2', patterns },
      parse: (bytes, context) => exact.parse(bytes, context),
    }
  }
  const wasm = form === 'wasm' ? wasmKernel(plan) : null
  const parse = compiledParser(parts, plan.layout, wasm ?? jsKernel(plan))
  return { runs: { form: wasm === null ? 'js' : 'wasm', patterns }, parse }
}
