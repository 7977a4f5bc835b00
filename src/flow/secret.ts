/** Reads a secret from a file or from the environment, each time it is asked, so that a renewed one
 *  needs no restart. The configuration holds only its place, and faults name the place, never what
 *  was found there. */
import { readFile } from 'node:fs/promises'

const secretCharactersMax = 65_536

/** One of the two. */
export interface SecretPlace {
  readonly file?: string | undefined
  /** Name of an environment variable. */
  readonly env?: string | undefined
}

export type Secret =
  { readonly ok: true; readonly value: string } | { readonly ok: false; readonly fault: string }

/** The secret without the white space around it; never empty. */
export async function readSecret(place: SecretPlace): Promise<Secret> {
  const read = await readPlace(place)
  if (!read.ok) return read
  const value = read.value.trim()
  if (value === '') return { ok: false, fault: `${secretPlaceText(place)} is empty` }
  if (value.length > secretCharactersMax) {
    return { ok: false, fault: `${secretPlaceText(place)} is too long for a secret` }
  }
  return { ok: true, value }
}

/** For people: the path, or the name of the variable. */
export function secretPlaceText({ file, env }: SecretPlace): string {
  return file ?? `$${env ?? ''}`
}

async function readPlace({ file, env }: SecretPlace): Promise<Secret> {
  if (file === undefined) {
    const value = process.env[env ?? '']
    return value === undefined
      ? { ok: false, fault: `$${env ?? ''} is not set` }
      : { ok: true, value }
  }
  try {
    return { ok: true, value: await readFile(file, 'utf8') }
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown'
    return { ok: false, fault: `${file} cannot be read: ${why}` }
  }
}
