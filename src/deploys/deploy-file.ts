/** A whole file of deploys, read once: Deployinator lines, or NDJSON Deploy objects when the first
 *  byte is `{`. A line that cannot be read is a fault with its place; the others still count. */
import { readFileSync, statSync } from 'node:fs'
import { LastpushError, type Fault } from '../model/errors.ts'
import type { Deploy } from '../model/deploy.ts'
import { lineCharactersMax, parseDeployinator } from './deployinator.ts'
import { readReport } from './report.ts'

/** A deploy file is read whole; 64 MiB hold some 400,000 deploys. */
export const deployFileBytesMax = 67_108_864
/** Faults kept of one file; further ones are only counted. */
const faultsMax = 100

interface DeployFile {
  /** In the order of the file; duplicates are left to the tracker. */
  readonly deploys: readonly Deploy[]
  /** The first 100. */
  readonly faults: readonly Fault[]
  /** How many lines could not be read. */
  readonly faulty: number
}

/** @throws LastpushError SOURCE_UNREADABLE when it cannot be read or is larger than 64 MiB. */
export function readDeployFile(path: string, defaults: { readonly env: string }): DeployFile {
  try {
    const stat = statSync(path)
    if (!stat.isFile()) throw new Error('it is no regular file')
    if (stat.size > deployFileBytesMax) throw new Error('it is larger than 64 MiB: split it')
    return parseDeploys(readFileSync(path, 'utf8'), path, defaults)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new LastpushError('SOURCE_UNREADABLE', `cannot read deploys from ${path}: ${why}`, {
      cause,
    })
  }
}

/** @param file Named in faults. NDJSON objects must bring their own `start`, so that reading the
 *    file again gives the same deploys. */
export function parseDeploys(
  text: string,
  file: string,
  defaults: { readonly env: string },
): DeployFile {
  const deploys: Deploy[] = []
  const faults: Fault[] = []
  let faulty = 0
  const parse = text.startsWith('{') ? ndjsonLine(defaults) : parseDeployinator
  for (const [index, line] of text.split('\n').entries()) {
    const read = parse(line)
    if (read === null) continue
    if (typeof read !== 'string') {
      deploys.push(read)
      continue
    }
    faulty++
    if (faults.length < faultsMax) faults.push({ place: { file, line: index + 1 }, message: read })
  }
  return { deploys, faults, faulty }
}

function ndjsonLine(defaults: { readonly env: string }): (line: string) => Deploy | string | null {
  return (line) => {
    if (line.trim() === '') return null
    if (line.length > lineCharactersMax) return `longer than ${lineCharactersMax} characters`
    try {
      return readReport(JSON.parse(line), defaults, null)
    } catch (error) {
      if (error instanceof SyntaxError) return 'is no JSON object'
      if (error instanceof LastpushError) return error.message
      throw error
    }
  }
}
