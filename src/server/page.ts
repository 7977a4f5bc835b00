/** Serves the built page. Its assets carry a hash in their names and may be kept for ever; the
 *  document that names them may not. A name is checked against the form that the build gives before
 *  any folder is touched, so no path can lead out of the build. Views are told apart by the query
 *  of the address, so `/` is the only document. */
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { HttpError } from './problems.ts'

const missing = 'the page is not built: run "npm run build" in the folder of lastpush'

/** One name, or one name below `assets/`; no dot in front, nothing encoded. */
const builtName = /^(?:assets\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*$/

/** Adds `GET /` and the files of the build.
 *  @param root Absolute folder of the build; it may not exist yet. */
export async function servePage(app: FastifyInstance, root: string): Promise<void> {
  await app.register(fastifyStatic, { root, serve: false, cacheControl: false, index: false })
  app.get<{ Params: { '*': string } }>('/*', async (request, reply) => {
    const name = request.params['*'] === '' ? 'index.html' : request.params['*']
    if (!builtName.test(name)) throw new HttpError('NOT_FOUND', 'there is nothing at this path')
    if (!(await isFile(join(root, name)))) {
      const why = name === 'index.html' ? missing : 'there is nothing at this path'
      throw new HttpError('NOT_FOUND', why)
    }
    const kept = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    return reply.header('cache-control', kept).sendFile(name)
  })
}

/** A plain file: no folder, and no link, since that may lead anywhere. */
async function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (facts) => facts.isFile(),
    () => false,
  )
}
