/** F45: far fewer descriptors than files. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Daemon, folder, full } from './daemon.ts'

/** Arguments of `run` that follow a glob from its beginning. */
const args = (glob: string, config: string): string[] => {
  const source = { file: { paths: glob, from: 'beginning' }, parser: 'plain' }
  writeFileSync(config, JSON.stringify({ sources: [source] }))
  return ['-c', config, '--port', '0']
}

const sum = (sources: readonly { readonly lines: number }[]): number =>
  sources.reduce((total, { lines }) => total + lines, 0)

test(
  'F45: with 64 descriptors 500 files take turns, and the API answers',
  { timeout: 120_000 },
  async () => {
    const dir = folder()
    mkdirSync(join(dir, 'logs'))
    const logs = Array.from({ length: 500 }, (_, file) => join(dir, `logs/${file}.log`))
    for (const [file, log] of logs.entries()) appendFileSync(log, `${file} a\n${file} b\n`)
    const daemon = await new Daemon({
      dataDir: join(dir, 'data'),
      args: args(join(dir, 'logs/*.log'), join(dir, 'lastpush.yaml')),
      prefix: ['prlimit', '--nofile=64'],
    }).ready()
    let total = 1_000
    await daemon.sources('all first lines', (all) => sum(all) >= total)
    for (let round = 0; round < (full ? 10 : 2); round++) {
      for (const log of logs) appendFileSync(log, `more ${round}\n`)
      total += 500
      await daemon.sources('all later lines', (all) => sum(all) >= total)
    }
    const sources = await daemon.sources('every file', (all) => all.length === 500)
    expect(sources.map(({ lines }) => lines)).toEqual(new Array(500).fill(total / 500))
    expect(sources.filter(({ fault }) => fault !== null)).toEqual([])
    expect((await daemon.health()).status).toBe(200)
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
  },
)
