/** Builds a rule from YAML, as a user writes it. */
import { readRule } from '../../src/catalog.ts'
import { faultLine, LastpushError } from '../../src/model/errors.ts'
import { parseQuery } from '../../src/query/query.ts'
import type { Rule, RuleInstance } from '../../src/rules/rule.ts'
import { ruleTypes } from '../../src/registry.ts'

export function ruleOf(yaml: string): Rule {
  const read = readRule('rule.yaml', `${yaml}\n`, { keepFiringMs: null })
  if (read === null) throw new Error('the rule is switched off')
  return read.rule
}

/** What is told of a rule that cannot be taken, a line each; empty when it can. */
export function faultsOf(yaml: string): readonly string[] {
  try {
    ruleOf(yaml)
    return []
  } catch (error) {
    if (!(error instanceof LastpushError)) throw error
    return error.faults.map(faultLine)
  }
}

/** An instance with the given options, checked as the catalog does. */
export function instanceOf(
  kind: string,
  options: Record<string, unknown>,
  common: { query?: string; keepFiringMs?: number } = {},
): RuleInstance<unknown> {
  const type = ruleTypes.find((known) => known.kind === kind)
  if (type === undefined) throw new Error(`no rule type ${kind}`)
  return type.create(type.options.parse(options), {
    name: 'r',
    query: common.query === undefined ? null : parseQuery(common.query),
    keepFiringMs: common.keepFiringMs ?? null,
  })
}
