/** Runs every benchmark, or those named, and prints their tables with the machine they ran on.
 *  A benchmark that fails does not keep the others from running, but the command then fails. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readArguments, sizeOptions, usage, type Arguments } from './arguments.ts'
import { benchmarks } from './benchmarks.ts'
import { root } from './folder.ts'
import { machine } from './machine.ts'
import { markdown } from './table.ts'

async function main(line: readonly string[]): Promise<void> {
  const chosen = chosenBy(line)
  if (chosen === null) return
  const { names, settings, json, keep } = chosen
  const where = machine()
  console.log(`lastpush ${where.sha}, Node ${where.node}, ${where.cores} x ${where.cpu}\n`)
  const kept: Record<string, unknown>[] = []
  for (const { name, question, run } of benchmarks) {
    if (!names.includes(name)) continue
    console.log(`## ${name}\n\n${question}\n`)
    try {
      const { input, tables, notes, figures, versions = {} } = await run(settings)
      console.log([`Input: ${input}.`, ...tables.map(markdown), ...notes].join('\n\n') + '\n')
      const command = ['npm run bench --', name, ...sizeOptions(settings)].join(' ')
      const at = new Date().toISOString()
      kept.push({ name, command, at, machine: where, versions, input, notes, figures })
    } catch (error) {
      process.exitCode = 1
      console.log(`FAILED: ${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
  if (json !== null) writeFileSync(json, text(kept))
  if (keep) keepAll(kept, where.sha)
}

function chosenBy(line: readonly string[]): Arguments | null {
  try {
    return readArguments(line, benchmarks.map(({ name }) => name)) // prettier-ignore
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exitCode = 2
    return null
  }
}

/** One file a benchmark, named after it and the commit. */
function keepAll(results: readonly Record<string, unknown>[], sha: string): void {
  const dir = join(root, 'bench/results')
  mkdirSync(dir, { recursive: true })
  for (const result of results) {
    const path = join(dir, `${String(result['name'])}-${sha}.json`)
    writeFileSync(path, text(result))
    console.log(`kept in ${path.slice(root.length)}`)
  }
}

/** JSON with four digits a figure: more would claim what no clock here can tell. */
function text(value: unknown): string {
  const rounded = (_key: string, each: unknown): unknown =>
    typeof each === 'number' && !Number.isInteger(each) ? Number(each.toPrecision(4)) : each
  return `${JSON.stringify(value, rounded, 2)}\n`
}

await main(process.argv.slice(2))
