/** Tree → canonical query text, for pages, URLs and messages. Reading it gives the tree again. */
import { escapePattern } from './text.ts'
import type { Bound, Query } from './tree.ts'

/** How strongly a node binds; a weaker one inside a stronger one needs parentheses. */
const strength = { or: 0, and: 1, not: 2 } as const

/** The query as text that parses to the same tree. */
export function formatQuery(query: Query): string {
  return format(query, strength.or)
}

function format(query: Query, around: number): string {
  switch (query.kind) {
    case 'or':
    case 'and': {
      const own = strength[query.kind]
      const text = query.parts
        .map((part) => format(part, own + 1))
        .join(query.kind === 'or' ? ' OR ' : ' AND ')
      return own < around ? `(${text})` : text
    }
    case 'not':
      return `NOT ${format(query.part, strength.not)}`
    case 'all':
      return '*'
    case 'exists':
      return `${query.field}:*`
    case 'is':
      return `${query.field}:${value(query.value)}`
    case 'like':
      return `${query.field}:${pattern(query.pattern)}`
    case 'range':
      return `${query.field}:${range(query.low, query.high)}`
    case 'words':
      return words(query.words)
  }
}

function value(text: string): string {
  return /^[\p{L}\p{N}_/.][\p{L}\p{N}_/.:@%=,-]*$/u.test(text) && !isOperator(text)
    ? text
    : quoted(text)
}

/** A pattern stays bare, since quotes would take its wildcards away. */
function pattern(text: string): string {
  return text.replace(/\\.|[^\p{L}\p{N}_/.*?]/gsu, (part) =>
    part.length > 1 && part.startsWith('\\') ? part : `\\${part}`,
  )
}

function range(low: Bound | null, high: Bound | null): string {
  if (high === null && low !== null) return `>${low.inclusive ? '=' : ''}${value(low.value)}`
  if (low === null && high !== null) return `<${high.inclusive ? '=' : ''}${value(high.value)}`
  const open = low?.inclusive === true ? '[' : '{'
  const close = high?.inclusive === true ? ']' : '}'
  return `${open}${value(low?.value ?? '')} TO ${value(high?.value ?? '')}${close}`
}

function words(list: readonly string[]): string {
  const wild = list.some((word) => escapePattern(word) !== word)
  return wild || list.length === 1 ? list.join('-') : quoted(list.join(' '))
}

function isOperator(text: string): boolean {
  return /^(?:AND|OR|NOT|TO)$/.test(text)
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
