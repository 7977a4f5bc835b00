/** What lastpush.yaml may say: keys, forms and every default in one place. What a source or receiver
 *  takes is checked by its own kind afterwards (entries.ts). */
import { z } from 'zod'
import { routeDefaults } from '../alerts/route.ts'
import { isZone } from '../parsers/zone.ts'
import { parseQuery } from '../query/query.ts'
import { duration, positiveDuration, queryText } from '../query/schema.ts'
import { receiverTypes, sourceTypes } from '../registry.ts'
import { elasticsearchOptions } from '../store/elasticsearch-options.ts'
import { pathLabels } from './path-labels.ts'

/** What is indexed when nobody says otherwise. */
const storeQueryDefault = 'level:(emerg OR alert OR crit OR error) OR status:[500 TO 599]'
/** Most threads that parse ahead. */
export const workersMax = 16
export const latenessDefaultMs = 30_000
const eventsKeptDefaultMs = 30 * 86_400_000

const zone = z.string().refine(isZone, { error: ({ input }) => `${JSON.stringify(input)} is no time zone such as "Europe/Berlin"` }) // prettier-ignore
const hostName = z
  .string()
  .toLowerCase()
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, { error: ({ input }) => `${JSON.stringify(input)} is no host name such as logs.example.com` }) // prettier-ignore
const listOrOne = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => (typeof given === 'string' ? [given] : given))

/** More often nobody reads it: `0s` would page with every look of the dispatcher. */
const repeatIntervalMinMs = 60_000
const repeatInterval = duration.refine(
  (ms) => ms >= repeatIntervalMinMs,
  'must be at least 1m: people are told again of the same so often',
)

/** A field for each kind, checked by the kind's own schema afterwards. */
function kindFields<Kind extends string>(types: readonly { readonly kind: Kind }[]) {
  const fields = types.map(({ kind }) => [kind, z.unknown().optional()])
  return Object.fromEntries(fields) as Record<Kind, z.ZodOptional<z.ZodUnknown>>
}

/** lastpush.yaml as a whole. */
export const schema = z.strictObject({
  env: z.string().min(1).default('production'),
  lateness: duration.default(latenessDefaultMs),
  keep_firing_for: duration.optional(),
  zone: zone.optional(),
  sources: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        service: z.string().optional(),
        env: z.string().optional(),
        host: z.string().optional(),
        path_labels: pathLabels.optional(),
        parser: z.string().optional(),
        zone: zone.optional(),
        lateness: duration.optional(),
        ...kindFields(sourceTypes),
      }),
    )
    .default([]),
  deploys: z.array(z.strictObject({ log: z.string().min(1) })).default([]),
  services: z
    .record(
      z.string(),
      z.strictObject({
        query: queryText.optional(),
        exposure: z.enum(['access', 'seconds']).default('seconds'),
      }),
    )
    .default({}),
  rules: listOrOne.optional(),
  parsers: listOrOne.default([]),
  workers: z.union([z.literal('auto'), z.int().min(0).max(workersMax)]).default('auto'),
  receivers: z.record(z.string(), z.strictObject(kindFields(receiverTypes))).default({}),
  route: z
    .strictObject({
      receiver: z.string().optional(),
      group_by: z.array(z.string()).default([...routeDefaults.groupBy]),
      group_wait: duration.default(routeDefaults.groupWaitMs),
      group_interval: duration.default(routeDefaults.groupIntervalMs),
      repeat_interval: repeatInterval.default(routeDefaults.repeatIntervalMs),
      routes: z
        .array(
          z.strictObject({
            match: queryText,
            receiver: z.string().optional(),
            group_by: z.array(z.string()).optional(),
            group_wait: duration.optional(),
            group_interval: duration.optional(),
            repeat_interval: repeatInterval.optional(),
          }),
        )
        .default([]),
    })
    .prefault({}),
  store: z
    .strictObject({
      path: z.string().min(1).optional(),
      events: positiveDuration.default(eventsKeptDefaultMs),
      query: queryText.default(parseQuery(storeQueryDefault)),
      elasticsearch: elasticsearchOptions.optional(),
    })
    .prefault({}),
  http: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(7077),
      token_file: z.string().min(1).optional(),
      token_env: z.string().min(1).optional(),
      names: z.array(hostName).default([]),
    })
    .refine(({ token_file, token_env }) => token_file === undefined || token_env === undefined, {
      error: 'takes token_file or token_env, not both',
    })
    .refine(
      ({ token_file, token_env, names }) =>
        names.length === 0 || (token_file ?? token_env) !== undefined,
      {
        error: 'names are for people elsewhere: they need token_file or token_env',
        path: ['names'],
      },
    )
    .prefault({}),
})
export type Given = z.output<typeof schema>
