/** What `check` says of a configuration that can run and is hardly what was meant. */
import { accessSync, constants, readFileSync } from 'node:fs'
import type { RuleFile } from '../catalog.ts'
import type { Config } from '../config.ts'
import { unknownRouteLabels } from '../config/route-labels.ts'
import { faultLine, LastpushError } from '../model/errors.ts'
import { faultsAt, readYaml } from '../yaml/document.ts'

/** Files of receivers that this user cannot read. The daemon may run as another, and starts without
 *  them: no faults. */
export function unreadableSecrets({ receivers }: Config): readonly string[] {
  return receivers.flatMap(({ name, type, options }) =>
    Object.entries(options as Readonly<Record<string, unknown>>).flatMap(([key, path]) => {
      if (!key.endsWith('_file') || typeof path !== 'string') return []
      try {
        accessSync(path, constants.R_OK)
        return []
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        return [`receivers.${name}.${type.kind}.${key} cannot be read here: ${why}`]
      }
    }),
  )
}

/** Labels that routes ask for and no rule gives, each at its line. */
export function labelsThatNobodyGives(
  { file, routing }: Config,
  rules: readonly RuleFile[],
): readonly string[] {
  if (file === null) return []
  const faults = unknownRouteLabels(
    routing,
    rules.map(({ rule }) => rule),
  )
  if (faults.length === 0) return []
  const document = readYaml(file, readFileSync(file, 'utf8'))
  const located = faultsAt(document, new LastpushError('CONFIG_INVALID', 'labels', { faults }))
  return located instanceof LastpushError ? located.faults.map(faultLine) : []
}
