/** Chooses the fastest form that a parser's patterns allow: a WebAssembly module with SIMD, generated
 *  JavaScript where that is missing, and RE2 for what neither can do. All give the same columns.
 *  It is made when it is first asked to parse, as most commands use one parser of all they load. */
import type { Columns } from '../../model/columns.ts'
import type { Form, ParseContext, Parser, ParserForm } from '../parser.ts'
import { regexParser, type DeclaredParts } from '../regex-parser.ts'
import { compiledParser } from './compiled-parser.ts'
import { jsKernel } from './kernel-js.ts'
import { wasmKernel } from './kernel-wasm.ts'
import { planOf } from './plan.ts'

/** @param form The fastest form to be tried. */
export function compile(parts: DeclaredParts, form: Form): Parser {
  const { name, multiline, access } = regexParser(parts)
  let made: Made | null = null
  const compiled = (): Made => (made ??= make(parts, form))
  return {
    name,
    multiline,
    access,
    runs: () => compiled().runs,
    parse: (bytes, context) => compiled().parse(bytes, context),
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
