/** Chooses the fastest form that a parser's patterns allow: a WebAssembly module with SIMD, generated
 *  JavaScript where that is missing, and RE2 for what neither can do. All give the same columns. */
import type { Parser } from '../parser.ts'
import { regexParser, type DeclaredParts } from '../regex-parser.ts'
import { compiledParser } from './compiled-parser.ts'
import { jsKernel } from './kernel-js.ts'
import { wasmKernel } from './kernel-wasm.ts'
import { planOf, type PatternForm } from './plan.ts'

export type Form = 'wasm' | 'js' | 're2'

export interface Compiled {
  readonly parser: Parser
  /** What runs most lines. */
  readonly form: Form
  readonly patterns: readonly PatternForm[]
}

/** @param form The form to be used if the patterns allow it; default the fastest. */
export function compile(parts: DeclaredParts, form: Form = 'wasm'): Compiled {
  const plan = planOf(parts)
  if (form === 're2' || !plan.worthwhile) {
    return { parser: regexParser(parts), form: 're2', patterns: plan.forms }
  }
  const wasm = form === 'wasm' ? wasmKernel(plan) : null
  const parser = compiledParser(parts, plan.layout, wasm ?? jsKernel(plan))
  return { parser, form: wasm === null ? 'js' : 'wasm', patterns: plan.forms }
}
