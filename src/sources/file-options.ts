/** Options of the kind `file`, in a short and a full form. What the globs match is left to glob.ts.
 *  The short form is turned into the full one before the schema sees it, rather than being a branch
 *  of a union, so that every fault names the very value that is wrong. */
import { z } from 'zod'
import { duration } from '../query/schema.ts'
import { meant } from '../yaml/sentences.ts'
import { encodings } from './encoding.ts'

/** Globs of one source, and as many that are left out. */
const pathsMax = 1_000

const path = z
  .string({ error: 'expected a path or a glob as text' })
  .min(1, 'a path has no characters; name a file or a glob')

const paths = z
  .array(path, { error: 'expected a path or a list of paths' })
  .min(1, 'names no path; name a file or a glob')
  .max(pathsMax, `names more than ${pathsMax} paths; a glob can stand for many`)

const full = z.strictObject(
  {
    paths: z.preprocess(asList, paths),
    from: z
      .enum(['end', 'beginning', 'checkpoint'], {
        error: 'expected end, beginning or checkpoint',
      })
      .default('end'),
    encoding: z
      .enum(encodings, {
        error: ({ input }) => `expected one of ${encodings.join(', ')}${meant(input, encodings)}`,
      })
      .optional(),
    exclude: z.preprocess(asList, paths).optional(),
    ignore_older: duration.optional(),
    close_inactive: duration.optional(),
  },
  {
    error: ({ code }) =>
      code === 'invalid_type'
        ? 'expected a path, a list of paths, or a map with paths and from'
        : undefined,
  },
)

/** `paths`: globs or plain paths. `from`: where a file that is there at the first start begins, or
 *  that it is not read at all. `exclude`: globs of paths, or of names where they hold no slash.
 *  `ignore_older`: the age of the last write, ms, from which a file without a checkpoint begins at its
 *  end. `close_inactive`: the silence after which a descriptor is closed, ms.
 *  `encoding`: how the files are written; UTF-8 when nothing is said.
 *  A text or a list of texts stands for `{ paths: …, from: end }`; so does a text as `paths`. */
export const fileOptions = z.preprocess(
  (given) => (typeof given === 'string' || Array.isArray(given) ? { paths: given } : given),
  full,
)

export type FileOptions = z.infer<typeof full>

function asList(given: unknown): unknown {
  return typeof given === 'string' ? [given] : given
}
