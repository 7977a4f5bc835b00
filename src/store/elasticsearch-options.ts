/** What a configuration says about Elasticsearch. Secrets stand in files, never in lastpush.yaml, and
 *  are read again after a refusal, so that a renewed one needs no restart. */
import { z } from 'zod'

const node = z
  .url({ protocol: /^https?$/, error: 'must be an address such as http://127.0.0.1:9200' })
  .refine((text) => !URL.canParse(text) || new URL(text).username === '', {
    error: 'holds a user name; write username and password_file beside it',
  })

export const elasticsearchOptions = z
  .strictObject({
    node,
    index_prefix: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,99}$/, 'takes lower-case letters, digits, - and _')
      .default('lastpush-events'),
    username: z.string().min(1).optional(),
    password_file: z.string().optional(),
    api_key_file: z.string().optional(),
    ca_file: z.string().optional(),
  })
  .refine((given) => (given.username === undefined) === (given.password_file === undefined), {
    error: 'username and password_file belong together',
  })
  .refine((given) => given.username === undefined || given.api_key_file === undefined, {
    error: 'takes a password or an API key, not both',
  })

/** Paths absolute. */
export type ElasticsearchOptions = z.output<typeof elasticsearchOptions>

/** What the docs tell of it. */
export const elasticsearchStore = {
  kind: 'elasticsearch',
  doc:
    'Keeps events in Elasticsearch 8 instead of the data directory: several daemons can share one ' +
    'index, and history may grow beyond one disk. Search finds the same events either way.',
  example: 'store:\n  elasticsearch: { node: http://127.0.0.1:9200 }',
  options: elasticsearchOptions,
} as const

/** The files that it names, which are relative to the configuration. */
export const elasticsearchFiles = ['password_file', 'api_key_file', 'ca_file'] as const
