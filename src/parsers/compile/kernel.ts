/** The contract of the two compiled forms: bytes of whole lines → positions and numbers by column. */
import type { ColumnRoom } from '../../model/columns.ts'
import type { Scanned } from '../parser.ts'

/** What a row is to a kernel: as rowKind, or to be told by RE2. A continuation is one whether or not
 *  there is something to continue. */
export const kernelKind = { event: 0, continuation: 1, unparsed: 2, unsure: 3 } as const

export interface Kernel {
  /**
   * @param zone IANA zone of times that name none.
   * @param room Where the columns may be put; the caller's own memory otherwise.
   */
  scan(bytes: Buffer, zone: string, room?: ColumnRoom): Scanned
}
