/** F25 to F27: the last line of a file is taken away, comes in two parts, or ends in another file. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SourceRecorder } from '../contract/source.ts'
import { LogDir } from '../sources/log-dir.ts'
import { Daemon, folder, full } from './daemon.ts'

const rounds = full ? 20 : 3

function lines(count: number): string[] {
  return Array.from({ length: count }, (_, line) => `line ${line}`)
}

const written = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('')

test('F25: an editor that removes the last line has nothing counted again', async () => {
  const logs = new LogDir()
  logs.append('app.log', written(lines(300)))
  const recorder = new SourceRecorder().start(logs.source(['app.log'], { rotateWaitMs: 0 }))
  await recorder.expectLines(lines(300))
  // As `sed -i '$d'` does: a new file beside it, renamed over it.
  writeFileSync(logs.path('sedNew'), written(lines(299)))
  logs.rename('sedNew', 'app.log')
  logs.append('app.log', 'after\n')
  await recorder.expectLines([...lines(300), 'after'])
})

test('F26: a line in two parts is one event, over restarts', async () => {
  const logs = new LogDir()
  let checkpoints: SourceRecorder['checkpoints'] = new Map()
  for (let round = 0; round < rounds; round++) {
    const first = new SourceRecorder(checkpoints).start(logs.source(['app.log']))
    logs.append('app.log', `whole ${round}\nfirst part, `)
    await first.expectLines([`whole ${round}`])
    await first.stop()
    logs.append('app.log', `second part ${round}\n`)
    const second = new SourceRecorder(first.checkpoints).start(logs.source(['app.log']))
    await second.expectLines([`first part, second part ${round}`])
    await second.stop()
    checkpoints = second.checkpoints
  }
})

test('F26: a line in two parts is one event, over a kill', async () => {
  const dir = folder()
  const log = join(dir, 'app.log')
  const dataDir = join(dir, 'data')
  const args = [log, '--parser', 'plain', '--rules', 'none', '--port', '0']
  appendFileSync(log, 'one\ntwo\nfirst part, ')
  let total = 2
  for (let round = 0; round < rounds; round++) {
    const daemon = await new Daemon({ dataDir, args }).ready()
    await daemon.lines(log, total)
    await daemon.kill()
    appendFileSync(log, 'second part\nfirst part, ')
    total += 1
  }
  const daemon = await new Daemon({ dataDir, args }).ready()
  await daemon.lines(log, total)
  appendFileSync(log, 'end\n')
  expect(await daemon.lines(log, total + 1)).toMatchObject({ lines: total + 1, events: total + 1 })
  expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
})

test('F27: a newline that comes when the file has its new name ends the line there', async () => {
  const logs = new LogDir()
  const expected: string[] = []
  const recorder = new SourceRecorder().start(logs.source(['app.log'], { rotateWaitMs: 2_000 }))
  for (let round = 0; round < rounds; round++) {
    logs.append('app.log', `whole ${round}\nfirst part, `)
    expected.push(`whole ${round}`)
    await recorder.expectLines(expected)
    logs.rename('app.log', `app.log.${rounds - round}`)
    logs.append('app.log', `new ${round}\n`)
    logs.append(`app.log.${rounds - round}`, `second part ${round}\n`)
    expected.push(`first part, second part ${round}`, `new ${round}`)
    await recorder.expectLines(expected)
  }
})
