/** Files that no glob may lead to: what the system makes up as it is read, and what this process
 *  writes itself, which would feed on every line that it reads. */
import { fstatSync, type BigIntStats } from 'node:fs'

/** Below these nothing is a log, with one exception: a file system in memory. */
const systemDirs = ['/proc/', '/sys/', '/dev/'] as const
const memoryDir = '/dev/shm/'

/** Why the regular file at a real path, open with these facts, must not be read; null when it may.
 *  @param ownDir Real path of the folder of the daemon's own files. */
export function forbidden(
  path: string,
  { dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>,
  ownDir: string | undefined,
): string | null {
  const dir = systemDirs.find((each) => path.startsWith(each))
  if (dir !== undefined && !path.startsWith(memoryDir)) return `leads to ${path}, which is no log`
  if (ownDir !== undefined && path.startsWith(`${ownDir}/`)) {
    return `leads to ${path}, a file of lastpush itself`
  }
  const own = [1, 2].map(factsOf)
  if (own.some((facts) => facts?.dev === dev && facts.ino === ino)) {
    return 'is where lastpush writes its own messages'
  }
  return null
}

function factsOf(descriptor: number): BigIntStats | null {
  try {
    return fstatSync(descriptor, { bigint: true })
  } catch {
    // Closed: then nothing is written there.
    return null
  }
}
