/** The programs that lastpush is compared with over access logs. Node is always there; the others
 *  take part when they are installed (bench/README.md says how). Each finds every field of every
 *  line unless its comment says what it does less or more. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { folder, root } from './folder.ts'
import type { Contestant } from './measure.ts'
import { readTold, type Told } from './told.ts'

interface Peer extends Omit<Contestant, 'command'> {
  readonly command: (log: string) => readonly string[]
  /** Command that prints a version; null for programs of this tree. */
  readonly version: readonly string[] | null
}

/** Folder of the programs and settings that this tree brings. */
export const peersDir = join(root, 'bench/peers')
const combined = String.raw`^(\S+) (\S+) (\S+) \[([^\]]+)\] "(\S+) (\S+) ([^"]+)" (\d{3}) (\d+|-) "([^"]*)" "([^"]*)"$`

function built(name: string, words: string): Peer {
  const program = join(folder, 'bin', name)
  return { name: words, command: (log) => [program, log], version: null, tells: readTold }
}

/** The first one is the truth that the others are held to. */
const peers: readonly Peer[] = [
  {
    name: 'readline + RegExp',
    command: (log) => [process.execPath, join(peersDir, 'readline.mjs'), log],
    version: null,
    tells: readTold,
  },
  {
    // Counts newlines only: what reading costs at least.
    name: 'wc -l',
    command: (log) => ['wc', '-l', log],
    version: ['wc', '--version'],
    tells: (output) => ({ lines: Number.parseInt(output) }),
  },
  {
    // Says which lines match, and where no field is.
    name: 'ripgrep, match only',
    command: (log) => ['rg', '-j1', '-c', `(?-u)${combined}`, log],
    version: ['rg', '--version'],
    tells: (output) => ({ matched: Number.parseInt(output) }),
  },
  built('access-hand', 'Rust, by hand on memchr'),
  built('access-regex', 'Rust, regex'),
  built('access-go', 'Go, regexp'),
  {
    name: 'Python, as Logster',
    command: (log) => ['python3', join(peersDir, 'logster.py'), log],
    version: ['python3', '--version'],
    tells: readTold,
  },
  {
    // Counts by status without panes: whoever scrapes it takes differences.
    name: 'mtail',
    command: (log) => [
      ...['mtail', '--one_shot', '--logtostderr', '--address', '127.0.0.1', '--port', '0'],
      ...['--progs', join(peersDir, 'mtail'), '--logs', log],
    ],
    version: ['mtail', '--version'],
    tells: readMtail,
    once: true,
  },
  {
    // Fills all its panels: more than was asked. Takes a line that is cut off as one of status 200.
    name: 'GoAccess',
    command: (log) => [
      ...['goaccess', log, '--no-global-config', '--no-progress', '-o', 'json'],
      ...['-p', join(peersDir, 'goaccess.conf')],
    ],
    version: ['goaccess', '--version'],
    tells: readGoAccess,
    once: true,
  },
  {
    // Parses and drops; passes on unparsed what is cut off, and counts nothing.
    name: 'fluent-bit, parse only',
    command: (log) => [
      ...['fluent-bit', '--quiet', '-R', join(peersDir, 'fluent-bit.conf'), '-i', 'tail'],
      ...['-p', `path=${log}`, '-p', 'read_from_head=on', '-p', 'exit_on_eof=on'],
      ...['-p', 'parser=combined', '-o', 'null', '-m', '*'],
    ],
    version: ['fluent-bit', '--version'],
    tells: () => ({}),
    once: true,
  },
  {
    // Parses and drops, also what is cut off; counts nothing.
    name: 'Vector, parse only',
    command: (log) => [
      ...['sh', '-c', 'exec vector --quiet --config "$0" < "$1"'],
      ...[join(peersDir, 'vector.yaml'), log],
    ],
    version: ['vector', '--version'],
    tells: () => ({}),
    once: true,
  },
]

export interface Present {
  readonly contestants: readonly Contestant[]
  /** One sentence for each that is not there. */
  readonly absent: readonly string[]
  readonly versions: Readonly<Record<string, string>>
}

/** Those that can run here, ready to read a log. */
export function presentPeers(log: string): Present {
  const contestants: Contestant[] = []
  const absent: string[] = []
  const versions: Record<string, string> = {}
  for (const peer of peers) {
    const command = peer.command(log)
    const version = peer.version === null ? '' : firstLine(peer.version)
    if (version === null || !isThere(command[0] ?? '')) {
      absent.push(`${peer.name}: not here, left out`)
      continue
    }
    if (version !== '') versions[peer.name] = version
    contestants.push({ ...peer, command })
  }
  return { contestants, absent, versions }
}

/** Programs with a path are looked for there; others have answered with their version. */
function isThere(program: string): boolean {
  return !program.startsWith('/') || existsSync(program)
}

/** @returns null when the program is not there. */
export function firstLine(command: readonly string[]): string | null {
  const ran = spawnSync(command[0] ?? '', command.slice(1), { encoding: 'utf8' })
  if (ran.error !== undefined || ran.status !== 0) return null
  return (ran.stdout + ran.stderr).split('\n')[0]?.trim() ?? ''
}

interface MtailMetrics {
  readonly lines_by_status: readonly {
    readonly LabelValues: readonly { readonly Labels: readonly [string]; readonly Value: { readonly Value: number } }[] // prettier-ignore
  }[]
}

function readMtail(output: string): Told {
  const metrics = JSON.parse(output) as MtailMetrics
  const values = metrics.lines_by_status.flatMap(({ LabelValues }) => LabelValues)
  return { counts: Object.fromEntries(values.map(({ Labels, Value }) => [Labels[0], Value.Value])) }
}

interface GoAccessReport {
  readonly general: { readonly total_requests: number }
  readonly status_codes: {
    readonly data: readonly {
      readonly items: readonly {
        readonly data: string
        readonly hits: { readonly count: number }
      }[]
    }[]
  }
}

function readGoAccess(output: string): Told {
  const { general, status_codes } = JSON.parse(output) as GoAccessReport
  const items = status_codes.data.flatMap((group) => group.items)
  return {
    counts: Object.fromEntries(items.map(({ data, hits }) => [data.slice(0, 3), hits.count])),
    leftOut: ['200'],
    lines: general.total_requests,
  }
}
