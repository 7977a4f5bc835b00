/** The bearer token of the HTTP server: where it is read from, and which ones are refused. The daemon
 *  and the commands that ask it read theirs here, so that both tell the same faults. The
 *  configuration and the command line hold its place, never the token itself. */
import { stat } from 'node:fs/promises'
import { readSecret, secretPlaceText, type SecretPlace } from '../flow/secret.ts'
import { LastpushError } from '../model/errors.ts'

const tokenCharactersMin = 16
const tokenCharactersMax = 4_096
/** Read or write for everybody. */
const othersMode = 0o006

/**
 * The token at a place.
 * @throws LastpushError TOKEN_UNUSABLE: it cannot be read, everybody may read the file, or it is too
 *   short, too long or not of visible ASCII characters. The message names the place only.
 */
export async function readToken(place: SecretPlace): Promise<string> {
  const where = secretPlaceText(place)
  if (place.file !== undefined) await refuseOpenFile(place.file)
  const secret = await readSecret(place)
  if (!secret.ok) throw unusable(secret.fault)
  const { length } = secret.value
  if (length < tokenCharactersMin) {
    throw unusable(
      `${where} holds ${length} characters, and a token needs ${tokenCharactersMin} at least:` +
        ' make one with "openssl rand -hex 32"',
    )
  }
  if (length > tokenCharactersMax) {
    throw unusable(`${where} holds more than ${tokenCharactersMax} characters`)
  }
  // Nothing else arrives unchanged in a header.
  if (!/^[\x21-\x7e]+$/.test(secret.value)) {
    throw unusable(`${where} must hold one line of ASCII characters without spaces`)
  }
  return secret.value
}

async function refuseOpenFile(file: string): Promise<void> {
  const facts = await stat(file).catch(() => null)
  if (facts === null || (facts.mode & othersMode) === 0) return
  const mode = (facts.mode & 0o777).toString(8).padStart(4, '0')
  throw unusable(
    `${file} can be read or written by everybody (mode ${mode}): chmod 600 it, or 640 for a group`,
  )
}

function unusable(message: string): LastpushError {
  return new LastpushError('TOKEN_UNUSABLE', message)
}
