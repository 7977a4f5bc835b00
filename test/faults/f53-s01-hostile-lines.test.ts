/** F53 and S01: patterns that hang a backtracking engine, and the lines made for it, a mebibyte of one
 *  letter among them. The daemon answers meanwhile, and every line is counted. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Daemon, folder, full } from './daemon.ts'

const copies = full ? 20_000 : 1_000
/** They come in so many pieces, so that there is time to ask in between. */
const parts = 50
const lineMsMax = 50
const answerMsMax = 1_000
const mebibyte = 2 ** 20 - 2

const attacks = [
  { name: 'words', pattern: '(?<message>(?:\\w+\\s*)+)', line: `${'a '.repeat(15)}!` },
  { name: 'letters', pattern: '(?<message>(?:a+)+)', line: `${'a'.repeat(30)}!` },
  { name: 'commas', pattern: '(?<message>(?:.*,){12}X)', line: ','.repeat(50) },
]

test(
  'F53, S01: lines made against backtracking cost little, and the API answers meanwhile',
  { timeout: 180_000 },
  async () => {
    const dir = folder()
    const logs = attacks.map(({ name, pattern }) => {
      const fields = {
        name,
        doc: 'A pattern that is easily attacked.',
        patterns: [pattern],
        samples: [],
      }
      writeFileSync(join(dir, `${name}.yaml`), JSON.stringify(fields))
      writeFileSync(join(dir, `${name}.log`), '')
      return join(dir, `${name}.log`)
    })
    const sources = attacks.map(({ name }) => `{ file: { paths: [${name}.log], from: beginning }, parser: ${name} }`) // prettier-ignore
    const config = join(dir, 'lastpush.yaml')
    writeFileSync(config, `sources: [${sources.join(', ')}]\nparsers: [${attacks.map(({ name }) => `${name}.yaml`).join(', ')}]\nrules: []\nhttp: { port: 0 }\n`) // prettier-ignore
    const daemon = await new Daemon({ dataDir: join(dir, 'data'), args: ['-c', config] }).ready()

    const started = performance.now()
    const answers: number[] = []
    let written = 0
    for (let read = 0; read < (copies + 1) * attacks.length;) {
      const attack = (text: (line: string) => string) =>
        attacks.forEach(({ line }, index) => appendFileSync(logs[index] ?? '', text(line)))
      if (written < parts) attack((line) => `${line}\n`.repeat(copies / parts))
      if (written === parts) attack(() => `${'a'.repeat(mebibyte)}!\n`)
      written++
      const asked = performance.now()
      const { sources: all } = await daemon.status()
      answers.push(performance.now() - asked)
      await delay(10)
      read = all.reduce((sum, { lines }) => sum + lines, 0)
    }
    expect(performance.now() - started).toBeLessThan(lineMsMax * copies)
    answers.sort((a, b) => a - b)
    expect(answers[Math.floor(answers.length * 0.99)]).toBeLessThan(answerMsMax)
    const { sources: read } = await daemon.status()
    expect(read.map(({ lines, unparsed }) => [lines, unparsed])).toEqual(
      // Words and letters take the long line but for its last byte, so that fits no pattern either.
      attacks.map(() => [copies + 1, copies + 1]),
    )
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
  },
)
