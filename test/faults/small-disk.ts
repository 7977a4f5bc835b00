/** A file system of its own that a test can fill to the last page. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'

/** Mounts a tmpfs below `dir`; null without the right to. @param size MiB. */
export function smallDisk(dir: string, size: number): string | null {
  const disk = join(dir, 'disk')
  mkdirSync(disk)
  const options = `size=${size}m,mode=0700`
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]).status !== 0) return null
  onTestFinished(() => void spawnSync('umount', ['--lazy', disk]))
  return disk
}

/** Takes what room there is, to the last page. @returns The file to remove for room. */
export function fill(disk: string): string {
  const ballast = join(disk, 'ballast')
  const part = Buffer.alloc(16_384)
  try {
    for (;;) appendFileSync(ballast, part)
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
  }
  return ballast
}
