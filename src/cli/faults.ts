/** How the faults that an error bundles are shown. */
import { faultLine, type LastpushError } from '../model/errors.ts'
import { visible } from '../model/escape.ts'

/** One line a fault, for people. */
export function faultLines(error: LastpushError): string {
  return error.faults.map((fault) => `  ${visible(faultLine(fault))}`).join('\n')
}
