import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DeployLog } from '../../src/deploys/deploy-log.ts'
import { ManualClock } from '../../src/flow/time.ts'

const line = (sha: string) =>
  `2026-11-23 14:02:11|PROD|alice|web production deploy: old 8fe1c02a91, new: ${sha}|web|`

describe('DeployLog', () => {
  let folder = ''
  let path = ''
  let log: DeployLog
  const clock = new ManualClock(0)
  let shas: string[] = []
  let bad: string[] = []
  let faults: (string | null)[] = []

  /** Lets the supervisor look until the condition holds. */
  const until = (condition: () => void) =>
    vi.waitFor(
      () => {
        clock.advance(1_000)
        condition()
      },
      { timeout: 5_000, interval: 10 },
    )
  const untilShas = (expected: string[]) => until(() => expect(shas).toEqual(expected))

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lastpush-deploy-log-'))
    path = join(folder, 'deployinator.log')
    ;[shas, bad, faults] = [[], [], []]
    log = new DeployLog({
      path,
      clock,
      onDeploy: (deploy) => shas.push(deploy.sha),
      onBadLine: (reason) => bad.push(reason),
      onFault: (message) => faults.push(message),
    })
  })
  afterEach(async () => {
    await log.close()
    rmSync(folder, { recursive: true })
  })

  test('reads from the beginning and then what is appended', async () => {
    writeFileSync(path, `${line('aaaaaaa1')}\n`)
    log.start()
    await untilShas(['aaaaaaa1'])
    appendFileSync(path, `${line('bbbbbbb2')}\n`)
    await untilShas(['aaaaaaa1', 'bbbbbbb2'])
    expect(faults).toEqual([])
  })

  test('waits for a file that is missing, and says so once', async () => {
    log.start()
    clock.advance(5_000)
    expect(faults).toEqual([`${path} does not exist yet: waiting for it`])
    writeFileSync(path, `${line('aaaaaaa1')}\n`)
    await untilShas(['aaaaaaa1'])
    expect(faults.slice(1)).toEqual([null])
  })

  test('keeps a partial line until its newline arrives, also inside a letter', async () => {
    const bytes = Buffer.from(`${line('aaaaaaa1').replace('alice', 'zoë')}\r\n`)
    const cut = bytes.indexOf(0xc3) + 1
    writeFileSync(path, `${line('bbbbbbb2')}\n`)
    log.start()
    await untilShas(['bbbbbbb2'])
    appendFileSync(path, bytes.subarray(0, cut))
    clock.advance(1_000)
    clock.advance(1_000)
    expect([shas, bad]).toEqual([['bbbbbbb2'], []])
    appendFileSync(path, bytes.subarray(cut))
    await untilShas(['bbbbbbb2', 'aaaaaaa1'])
    expect(bad).toEqual([])
  })

  test('hands over a deploy once though its line comes twice', async () => {
    writeFileSync(path, `${line('aaaaaaa1')}\n${line('aaaaaaa1')}\n${line('bbbbbbb2')}\n`)
    log.start()
    await untilShas(['aaaaaaa1', 'bbbbbbb2'])
  })

  test('follows a rotation: the last lines of the old file and all of the new one', async () => {
    writeFileSync(path, `${line('aaaaaaa1')}\n`)
    log.start()
    await untilShas(['aaaaaaa1'])
    renameSync(path, `${path}.1`)
    appendFileSync(`${path}.1`, `${line('bbbbbbb2')}\n${line('ccccccc3')}`)
    writeFileSync(path, `${line('ddddddd4')}\n`)
    await until(() =>
      expect([...shas].sort()).toEqual(['aaaaaaa1', 'bbbbbbb2', 'ccccccc3', 'ddddddd4']),
    )
    appendFileSync(path, `${line('eeeeeee5')}\n`)
    await until(() => expect(shas.at(-1)).toBe('eeeeeee5'))
    expect([shas.length, bad]).toEqual([5, []])
  })

  test('drains a file that was deleted and waits for the next', async () => {
    writeFileSync(path, `${line('aaaaaaa1')}\n`)
    log.start()
    await untilShas(['aaaaaaa1'])
    appendFileSync(path, `${line('bbbbbbb2')}\n`)
    unlinkSync(path)
    await untilShas(['aaaaaaa1', 'bbbbbbb2'])
    await until(() => expect(faults).toHaveLength(1))
    writeFileSync(path, `${line('ccccccc3')}\n`)
    await untilShas(['aaaaaaa1', 'bbbbbbb2', 'ccccccc3'])
  })

  test('reads a file that was emptied in place and written anew', async () => {
    writeFileSync(path, `${line('aaaaaaa1')}\n${line('bbbbbbb2')}\n`)
    log.start()
    await untilShas(['aaaaaaa1', 'bbbbbbb2'])
    truncateSync(path)
    appendFileSync(path, `${line('ccccccc3')}\n`)
    await untilShas(['aaaaaaa1', 'bbbbbbb2', 'ccccccc3'])
  })

  test('notices a file written anew in place that is longer than before', async () => {
    writeFileSync(path, `${line('aaaaaaa1')}\n`)
    log.start()
    await untilShas(['aaaaaaa1'])
    const later = line('bbbbbbb2').replace('14:02', '15:02')
    writeFileSync(path, `${later}\n${line('ccccccc3')}\n`)
    await until(() => expect([...shas].sort()).toEqual(['aaaaaaa1', 'bbbbbbb2', 'ccccccc3']))
  })

  test('reports a bad line once, even if the file is read again', async () => {
    writeFileSync(path, `nonsense\n${line('aaaaaaa1')}\n${line('bbbbbbb2')}\n`)
    log.start()
    await untilShas(['aaaaaaa1', 'bbbbbbb2'])
    writeFileSync(path, `nonsense\n${line('ccccccc3')}\n`)
    await untilShas(['aaaaaaa1', 'bbbbbbb2', 'ccccccc3'])
    expect(bad).toEqual(['has 1 of at least 5 fields separated by |'])
  })

  test('says that a folder is no log, and follows once it is one', async () => {
    mkdirSync(path)
    log.start()
    expect(faults).toEqual([`${path} is no regular file: name the log itself`])
    rmSync(path, { recursive: true })
    writeFileSync(path, `${line('aaaaaaa1')}\n`)
    await untilShas(['aaaaaaa1'])
  })

  test('stops for good when closed, also twice', async () => {
    writeFileSync(path, '')
    log.start()
    await log.close()
    await log.close()
    appendFileSync(path, `${line('aaaaaaa1')}\n`)
    clock.advance(10_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(shas).toEqual([])
  })
})
