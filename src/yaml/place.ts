/** Where a value stands in a YAML file: a path such as `sources[0].parser` → line and column. */
import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml'
import type { Document, LineCounter, Node, ParsedNode } from 'yaml'
import type { Place } from '../model/errors.ts'

export type FieldPath = readonly (string | number)[]

/** What finding places needs of a file that was read. */
export interface Nodes {
  readonly file: string
  readonly text: string
  readonly document: Document.Parsed
  readonly lines: LineCounter
}

/** `sources[0].parser`; keys that are no plain names stand as `["a.b"]`. */
export function fieldName(path: FieldPath): string {
  return path.reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`
    if (!/^[A-Za-z_][\w-]*$/.test(part)) return `${name}[${JSON.stringify(part)}]`
    return name === '' ? part : `${name}.${part}`
  }, '')
}

/** The path that `fieldName` wrote. */
export function fieldPath(name: string): FieldPath {
  const parts = name.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)
  return [...parts].map(([, index, quoted, plain]) => {
    if (index !== undefined) return Number(index)
    return quoted === undefined ? (plain ?? '') : String(JSON.parse(quoted))
  })
}

/**
 * The place of a value; where it is missing, that of the map it should be in.
 * @param column In the value's own text, from 1: moves the place to that character.
 */
export function placeOf(nodes: Nodes, path: FieldPath, column?: number): Place {
  let node: Node | null = nodes.document.contents
  for (const part of path) {
    const next = childOf(nodes, node, part)
    if (next === null) return placeAt(nodes, path, startOf(node))
    node = next
  }
  const start = startOf(node)
  return placeAt(nodes, path, start + (column === undefined ? 0 : inside(nodes, node, column)))
}

/** The place of a key itself; for keys that are not known. */
export function keyPlace(nodes: Nodes, path: FieldPath, key: string): Place {
  let node: Node | null = nodes.document.contents
  for (const part of path) node = childOf(nodes, node, part)
  const pair = isMap(node) ? node.items.find((item) => keyText(item.key) === key) : undefined
  return placeAt(nodes, [...path, key], startOf(isNode(pair?.key) ? pair.key : node))
}

/** Line and column of a position in the text. */
export function placeAt(nodes: Omit<Nodes, 'document'>, path: FieldPath, position: number): Place {
  const { line, col } = nodes.lines.linePos(position)
  const at = { file: nodes.file, line: Math.max(line, 1), column: Math.max(col, 1) }
  return path.length === 0 ? at : { ...at, field: fieldName(path) }
}

function childOf(nodes: Nodes, node: Node | null, part: string | number): Node | null {
  const parent = isAlias(node) ? (node.resolve(nodes.document) ?? null) : node
  if (isSeq(parent)) {
    const item = parent.items[Number(part)]
    return isNode(item) ? item : null
  }
  if (!isMap(parent)) return null
  const pair = parent.items.find((item) => keyText(item.key) === String(part))
  if (pair === undefined) return null
  if (isNode(pair.value)) return pair.value
  return isNode(pair.key) ? pair.key : null
}

function keyText(key: unknown): string | null {
  return isScalar(key) ? String(key.value) : null
}

function startOf(node: Node | null): number {
  return (node as ParsedNode | null)?.range[0] ?? 0
}

/** Offset of a character of a scalar's value, where the file has the value as it is; else 0. */
function inside(nodes: Nodes, node: Node | null, column: number): number {
  if (!isScalar(node) || typeof node.value !== 'string') return 0
  const start = startOf(node)
  const quote = /["']/.test(nodes.text.charAt(start)) ? 1 : 0
  if (!nodes.text.startsWith(node.value, start + quote)) return 0
  return quote + [...node.value].slice(0, column - 1).join('').length
}
