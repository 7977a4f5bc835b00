/** `path_labels` of a source: an RE2 pattern whose named groups read service, environment and host
 *  out of a path, for folders such as /srv/SERVICE/logs. Which label wins is left to the pipeline. */
import RE2 from 're2'
import { z } from 'zod'
import { groupNames } from '../parsers/pattern-source.ts'
import type { PathLabels } from '../sources/settings.ts'
import { meant } from '../yaml/sentences.ts'

const names: readonly (string | null)[] = ['service', 'env', 'host']

/** Text in the file; a function from a partition to the labels that it names here. */
export const pathLabels = z.string().transform((pattern, context): PathLabels => {
  let regex: RE2
  try {
    regex = new RE2(pattern)
  } catch (error) {
    const message = `RE2 refuses the pattern: ${error instanceof Error ? error.message : ''}`
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
  const groups = groupNames(pattern).filter((name) => name !== null)
  for (const name of groups) {
    if (names.includes(name)) continue
    const message = `no label is called ${name}; groups are service, env and host${meant(name, names)}`
    context.addIssue({ code: 'custom', message })
  }
  if (groups.length === 0) {
    const message = 'names no label; a group such as (?<service>[^/]+) names one'
    context.addIssue({ code: 'custom', message })
  }
  return (partition) => {
    const { service, env, host } = regex.exec(partition)?.groups ?? {}
    return {
      ...(service ? { service } : {}),
      ...(env ? { env } : {}),
      ...(host ? { host } : {}),
    }
  }
})
