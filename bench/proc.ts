/** What Linux says of a running process, in /proc. */
import { readFileSync } from 'node:fs'

/** Of /proc/PID/stat: 100 a second on every Linux that Node runs on. */
const ticksPerSecond = 100

/** User and system time of all its threads so far, s. @throws When there is no such process. */
export function cpuSeconds(pid: number): number {
  return parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'latin1'))
}

/** Resident memory now and at its peak, MiB. @throws When there is no such process. */
export function residentMemory(pid: number): { readonly now: number; readonly peak: number } {
  return parseMemory(readFileSync(`/proc/${pid}/status`, 'latin1'))
}

/** Fields 14 and 15, counted behind the name, which may hold spaces and brackets itself. */
export function parseCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

export function parseMemory(status: string): { readonly now: number; readonly peak: number } {
  const mib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1_024
  return { now: mib('VmRSS'), peak: mib('VmHWM') }
}
