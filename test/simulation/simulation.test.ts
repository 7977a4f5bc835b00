/** Random histories of a daemon: source, pipeline, store, dispatcher and outbox are the real ones; time,
 *  the log files and the receiver are simulated, and processes die anywhere. A seed gives the same
 *  history and the same run. LASTPUSH_SEEDS is how many are tried, LASTPUSH_SEED the first. */
import { rmSync } from 'node:fs'
import type * as promises from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { stateSchema } from '../../src/store/migrations.ts'
import { WriteSession } from '../../src/store/write-session.ts'
import { randomOf } from '../faults/random.ts'
import { storeFolder } from './crashing-state.ts'
import { historyOf, shrunk, traceOf, type History } from './history.ts'
import type { MemoryDisk } from './memory-disk.ts'
import { Simulation, type StoreTemplate } from './simulation.ts'

const seeds = Number(process.env['LASTPUSH_SEEDS'] ?? 200)
const firstSeed = Number(process.env['LASTPUSH_SEED'] ?? 1)

type Call = (path: string, ...rest: unknown[]) => unknown

/** The disk of the run that is under way. */
const { current } = vi.hoisted(() => ({ current: { disk: null as MemoryDisk | null } }))

// The file source asks node for its files; paths of the simulation are answered from memory. What
// the memory disk lacks fails loudly instead of reading a real file.
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof promises>()
  type Name = 'open' | 'stat' | 'realpath' | 'readdir' | 'readlink' | 'statfs'
  const routed = (name: Name) => {
    return (path: string, ...rest: unknown[]): unknown => {
      const isSimulated = /^\/(?:simulated|proc\/self\/fd\/)/.test(path) && current.disk !== null
      const disk = (isSimulated ? current.disk : real) as Record<typeof name, Call>
      return disk[name](path, ...rest)
    }
  }
  return {
    ...real,
    open: routed('open'),
    stat: routed('stat'),
    realpath: routed('realpath'),
    readdir: routed('readdir'),
    readlink: routed('readlink'),
    statfs: routed('statfs'),
  }
})

let template: StoreTemplate

beforeAll(() => {
  const folder = storeFolder()
  const session = new WriteSession('state', join(folder, stateSchema.file))
  session.open()
  session.close()
  template = { folder, file: join(folder, stateSchema.file) }
})

afterAll(() => rmSync(template.folder, { recursive: true, force: true }))

async function faultOf(history: History, happened: string[] = []): Promise<string | null> {
  const simulation = new Simulation(history, template)
  current.disk = simulation.disk
  try {
    return await simulation.run()
  } finally {
    happened.push(...simulation.happened)
    await simulation.close()
  }
}

test(
  `${seeds} histories from seed ${firstSeed}: every line counts once, every transition is told`,
  { timeout: 60_000 + seeds * 500 },
  async () => {
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const history = historyOf(randomOf(seed))
      const fault = await faultOf(history)
      if (fault === null) continue
      const least = await shrunk(history, async (shorter) => (await faultOf(shorter)) !== null)
      expect.fail(`${(await faultOf(least)) ?? fault}\n${traceOf(least)}`)
    }
  },
)

test('a seed gives the same run again, to the millisecond', async () => {
  // This one has deaths of several kinds and pages.
  const history = historyOf(randomOf(7))
  const runs: string[][] = [[], []]
  for (const run of runs) expect(await faultOf(history, run)).toBeNull()
  const [first = [], second] = runs
  expect(first.filter((what) => what.endsWith('start')).length).toBeGreaterThan(2)
  expect(first.filter((what) => what.includes('dispatch of')).length).toBeGreaterThan(2)
  expect(second).toEqual(first)
})

test('a history that fails is cut down to the steps that matter', async () => {
  const history = historyOf(randomOf(7))
  const stops = (shorter: History) => shorter.steps.some((step) => step.do === 'stop')
  const both = { ...history, steps: [...history.steps, { do: 'stop' as const }] }
  const least = await shrunk(both, async (shorter) => stops(shorter))
  expect(least.steps).toEqual([{ do: 'stop' }])
})
