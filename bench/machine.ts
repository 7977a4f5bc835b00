/** On what and of what figures were taken: they mean nothing without it. */
import { spawnSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { root } from './folder.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
  /** The last commit that changed the program; `+` behind it when files differ from it. */
  readonly sha: string
}

const program = ['src', 'parsers', 'rules', 'package-lock.json'] as const

export function machine(): Machine {
  const { length, [0]: first } = cpus()
  return {
    cpu: first?.model ?? 'unknown',
    cores: length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    sha: sha(),
  }
}

function sha(): string {
  const last = git(['log', '-1', '--format=%h', '--abbrev=12', '--', ...program])
  const changed = git(['status', '--porcelain', '--', ...program])
  return last === '' ? 'unknown' : last + (changed === '' ? '' : '+')
}

function git(args: readonly string[]): string {
  const ran = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  return ran.status === 0 ? ran.stdout.trim() : ''
}
