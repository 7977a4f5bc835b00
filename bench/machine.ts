/** On what and of what figures were taken: they mean nothing without it. */
import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import { root } from './folder.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
  /** Commit of this tree; `+` behind it when files of the program differ from it. */
  readonly sha: string
}

export function machine(): Machine {
  const { length, [0]: first } = cpus()
  return {
    cpu: first?.model ?? 'unknown',
    cores: length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    sha: sha(),
  }
}

function sha(): string {
  const head = git(['rev-parse', '--short=12', 'HEAD'])
  const changed = git([
    'status',
    '--porcelain',
    '--',
    'src',
    'parsers',
    'rules',
    'package-lock.json',
  ])
  return head === '' ? 'unknown' : head + (changed === '' ? '' : '+')
}

function git(args: readonly string[]): string {
  const ran = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  return ran.status === 0 ? ran.stdout.trim() : ''
}
