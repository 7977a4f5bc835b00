import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DeployLog } from '../../src/deploys/deploy-log.ts'
import { ManualClock } from '../../src/flow/time.ts'

const line = (sha: string) =>
  `2026-11-23 14:02:11|PROD|alice|web production deploy: old 8fe1c02a91, new: ${sha}|web|`

describe('DeployLog', () => {
  let folder = ''
  let path = ''
  let log: DeployLog
  const clock = new ManualClock(Date.UTC(2030, 0, 1))
  let shas: string[] = []
  let bad: string[] = []
  let leftOut: string[] = []
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
    ;[shas, bad, leftOut, faults] = [[], [], [], []]
    log = new DeployLog({
      path,
      clock,
      onDeploy: (deploy) => shas.push(deploy.sha),
      onBadLine: (reason) => bad.push(reason),
      onLeftOut: (message) => leftOut.push(message),
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
    await until(() => expect(faults).toEqual([`${path} does not exist yet: waiting for it`]))
    clock.advance(5_000)
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
    await until(() => expect(faults).not.toEqual([]))
    expect(faults).toEqual([`${path} is no regular file: name the log itself`])
    rmSync(path, { recursive: true })
    writeFileSync(path, `${line('aaaaaaa1')}\n`)
    await untilShas(['aaaaaaa1'])
  })

  describe('what rotations have put aside', () => {
    /** Writes a rotated file whose last line came so many days ago. */
    function rotated(suffix: string, content: string | Buffer, daysAgo: number): void {
      writeFileSync(`${path}${suffix}`, content)
      const time = new Date(Date.UTC(2026, 10, 24) - daysAgo * 86_400_000)
      utimesSync(`${path}${suffix}`, time, time)
    }

    test('is read first, oldest first, whatever it is called', async () => {
      writeFileSync(path, `${line('eeeeeee5')}\n`)
      rotated('.1', `${line('ddddddd4')}\n`, 1)
      rotated('-20261122', `${line('ccccccc3')}\n`, 2)
      rotated('.2.gz', gzipSync(`${line('bbbbbbb2')}\n`), 3)
      rotated('-20261120.gz', gzipSync(`${line('aaaaaaa1')}\n`), 4)
      log.start()
      await untilShas(['aaaaaaa1', 'bbbbbbb2', 'ccccccc3', 'ddddddd4', 'eeeeeee5'])
      expect([bad, leftOut, faults]).toEqual([[], [], []])
    })

    test('is read though the log itself is not there', async () => {
      rotated('.1', `${line('aaaaaaa1')}\n${line('bbbbbbb2')}`, 1)
      log.start()
      await untilShas(['aaaaaaa1', 'bbbbbbb2'])
    })

    test('is taken by name only where the name is that of a rotation', async () => {
      for (const suffix of ['.bak', '.1.txt', 's.1', '.swp']) rotated(suffix, `${line('aaaaaaa1')}\n`, 1) // prettier-ignore
      writeFileSync(join(folder, 'other.log.1'), `${line('bbbbbbb2')}\n`)
      mkdirSync(`${path}.2`)
      writeFileSync(path, `${line('ccccccc3')}\n`)
      log.start()
      await untilShas(['ccccccc3'])
      expect(leftOut).toEqual([])
    })

    test('counts no deploy twice, however often it stands there', async () => {
      for (const suffix of ['.1', '.2']) rotated(suffix, `${line('aaaaaaa1')}\n`, 1)
      rotated('.3.gz', gzipSync(`${line('aaaaaaa1')}\n`), 1)
      writeFileSync(path, `${line('aaaaaaa1')}\n${line('bbbbbbb2')}\n`)
      log.start()
      await untilShas(['aaaaaaa1', 'bbbbbbb2'])
    })

    test('is read again after a rotation, so that two at once lose nothing', async () => {
      writeFileSync(path, `${line('aaaaaaa1')}\n`)
      log.start()
      await untilShas(['aaaaaaa1'])
      renameSync(path, `${path}.2`)
      writeFileSync(`${path}.1`, `${line('bbbbbbb2')}\n`)
      writeFileSync(path, `${line('ccccccc3')}\n`)
      await until(() => expect([...shas].sort()).toEqual(['aaaaaaa1', 'bbbbbbb2', 'ccccccc3']))
    })

    test('is bounded in files: the newest twenty, and what was left out is said', async () => {
      for (let n = 1; n <= 23; n += 1) rotated(`.${n}`, `${line(`abcdef${10 + n}`)}\n`, n)
      log.start()
      await until(() => expect(shas).toHaveLength(20))
      expect([shas[0], shas[19]]).toEqual(['abcdef30', 'abcdef11'])
      expect(leftOut).toEqual([
        `${path}.21 and what is older was not read: more than 20 files and 64 MiB`,
      ])
    })

    test('is bounded in bytes, also where a small file unpacks to a large one', async () => {
      const large = (content: string, bytes: number) => {
        const file = Buffer.alloc(bytes, 0)
        file.write(content)
        return file
      }
      rotated('.1', large(`${line('ccccccc3')}\n`, 60_000_000), 1)
      rotated('.2.gz', gzipSync(large(`${line('bbbbbbb2')}\n`, 68_000_000)), 2)
      rotated('.3', large(`${line('aaaaaaa1')}\n`, 8_000_000), 3)
      writeFileSync(path, `${line('ddddddd4')}\n`)
      log.start()
      await untilShas(['bbbbbbb2', 'ccccccc3', 'ddddddd4'])
      expect(leftOut).toEqual([
        `${path}.3 and what is older was not read: more than 20 files and 64 MiB`,
        `${path}.2.gz was not read to its end: more than 64 MiB in all`,
      ])
      expect(bad).toEqual(['longer than 65536 characters'])
    })

    test('that cannot be read is said, and the rest is', async () => {
      rotated('.1', `${line('bbbbbbb2')}\n`, 1)
      rotated('.2.bz2', 'BZh9', 2)
      const whole = gzipSync(`${line('aaaaaaa1')}\n${line('ccccccc3')}\n`)
      rotated('.3.gz', whole.subarray(0, whole.length - 12), 3)
      rotated('.4.gz', 'no gzip at all', 4)
      log.start()
      await until(() => expect(shas).toContain('bbbbbbb2'))
      expect(leftOut).toEqual([
        `${path}.4.gz was not read to its end: incorrect header check`,
        `${path}.3.gz was not read to its end: unexpected end of file`,
        `${path}.2.bz2 was not read: of compressed files only .gz can be`,
      ])
    })
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

  test('a line of a time that is yet to come is none', async () => {
    const ahead = line('3b77d0c5ae').replace('2026-11-23', '2099-11-23')
    writeFileSync(path, `${ahead}\n${line('c41d9e02b7')}\n`)
    log.start()
    await untilShas(['c41d9e02b7'])
    expect(bad).toEqual([expect.stringContaining('lies more than 5 minutes ahead')])
  })
})
