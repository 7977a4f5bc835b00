/** Starts the writer in a process of its own and takes its report. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { root } from './folder.ts'
import type { Writing, Wrote } from './writer.ts'

const program = ['--import', 'tsx', join(root, 'bench/writer.ts')] as const

/** Resolves when all is written. @throws Error when the writer fails. */
export async function written(writing: Writing): Promise<Wrote> {
  const child = spawn(process.execPath, [...program, JSON.stringify(writing)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  child.stdout.on('data', (bytes: Buffer) => (told += bytes.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the writer ended by ${code ?? 'a signal'}`)
  return JSON.parse(told) as Wrote
}
