/** The parsers that ship, read from their files. Finding them for the daemon is the catalogue's. */
import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { buildParser, readDefinition, type ParserDefinition } from '../../src/parsers/definition.ts'
import type { Parser } from '../../src/parsers/parser.ts'

const folder = new URL('../../parsers/', import.meta.url)

export interface ShippedParser {
  readonly definition: ParserDefinition
  readonly parser: Parser
}

/** By the name of the file, without its ending. */
export const shipped: ReadonlyMap<string, ShippedParser> = new Map(
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => {
      const definition = readDefinition(parse(readFileSync(new URL(file, folder), 'utf8')), file)
      return [file.slice(0, -5), { definition, parser: buildParser(definition, file, 'wasm') }]
    }),
)

export function shippedParser(name: string): Parser {
  const found = shipped.get(name)
  if (found === undefined) throw new Error(`no parsers/${name}.yaml`)
  return found.parser
}

/** A parser of one definition, given as a user would write it. */
export function declared(definition: Record<string, unknown>): Parser {
  const read = readDefinition({ name: 'own', doc: 'A test.', ...definition }, 'own.yaml')
  return buildParser(read, 'own.yaml', 'wasm')
}
