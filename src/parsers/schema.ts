/** The YAML of a declared parser, as users write it. What can be said of one value alone is checked
 *  here; what needs RE2 or two values together is checked in definition.ts. */
import { z } from 'zod'
import { levels } from '../model/event.ts'

/** What the text of a group must be, and what becomes of it.
 *  A line in which a field does not have its form is unparsed (`bad status`).
 *  `seconds` and `microseconds` are durations whose field is in milliseconds. */
export const fieldTypes = [
  'text', 'int', 'float', 'ip', 'seconds', 'microseconds',
] as const // prettier-ignore
export type FieldType = (typeof fieldTypes)[number]

/** Characters in one pattern; a longer one is a list of words in disguise. */
const patternLengthMax = 5_000
const patternsMax = 50

const pattern = z.string().min(1).max(patternLengthMax)
const oneOrMore = z
  .union([z.string(), z.array(z.string()).min(1).max(20)])
  .transform((given) => (typeof given === 'string' ? [given] : given))

/** An example with its expected outcome, run by `lastpush test` and by the test suite. */
const sample = z.strictObject({
  /** The line; several lines are one event and its continuations. */
  line: z.string(),
  /** Zone of the source it is read from. Default UTC. */
  zone: z.string().optional(),
  /** Expected time, RFC 3339 UTC with milliseconds; null: the line gives none. */
  time: z.string().nullable().optional(),
  /** All fields that are expected, no more and no fewer. */
  fields: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  /** The line is none of this parser's; a text is the expected reason. */
  unparsed: z.union([z.literal(true), z.string()]).optional(),
  /** The line continues an event that is open before it. */
  continues: z.literal(true).optional(),
})

export const parserDefinition = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,63}$/, 'a name is lower-case letters, digits and _, letter first'),
  /** One sentence: which logs are these? */
  doc: z.string().min(1),
  /** `json` and `plain` are built in and have no patterns. */
  format: z.enum(['patterns', 'json', 'plain']).default('patterns'),
  /** How the group `time` reads; formats are tried in order. */
  time: z
    .strictObject({
      format: oneOrMore,
      /** Zone of all times that name none, whatever the source's zone is. */
      zone: z.string().optional(),
    })
    .optional(),
  /** RE2 patterns of the whole line with named groups; the first that fits wins. */
  patterns: z.array(pattern).max(patternsMax).default([]),
  /** Types of groups; a group that is not listed is text. */
  fields: z.record(z.string(), z.enum(fieldTypes)).default({}),
  /** A group whose whole text is one of these is absent; an empty one always is. */
  missing: oneOrMore.default([]),
  /** Words of the group `level` beyond the usual names. */
  levels: z.record(z.string(), z.enum(levels)).default({}),
  /** A line that fits this belongs to the event before it, never to one of its own. */
  continuation: pattern.optional(),
  samples: z.array(sample).default([]),
})

export type ParserDefinition = z.output<typeof parserDefinition>
export type ParserSample = ParserDefinition['samples'][number]
