/** Elasticsearch 8.10 as one node without its distribution: the HTTP transport is a plugin and wants
 *  its jars in a folder of its own below the home. `GET /` and security are not in these jars, so
 *  `client.info()` and `client.ping()` fail; `client.cluster.health()` answers. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Place, Recipe } from '../recipe.ts'

const folder = import.meta.dirname
const version = '8.10.4'
/** A small heap, and a quick start rather than a fast run. */
const jvm = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto']
const isTransport = (jar: string): boolean => /^(transport-netty4|netty)-/.test(jar)

export const elasticsearch: Recipe = {
  kind: 'elasticsearch',
  version,
  folder,
  variable: 'LASTPUSH_TEST_ELASTICSEARCH',
  form: 'url',
  prepare,
  command: ({ state, port }) => [
    ...jvm,
    '--add-modules=jdk.net,ALL-MODULE-PATH',
    '--module-path',
    join(state, 'home/lib'),
    join(folder, 'EsNode.java'),
    String(port),
    join(state, 'home'),
    state,
  ],
  up: 'Elasticsearch started',
  address: (port) => `http://127.0.0.1:${port}`,
}

/** Lays out a home of links to the jars. */
async function prepare({ lib, state }: Place): Promise<void> {
  const home = join(state, 'home')
  const plugin = join(home, 'modules/transport-netty4')
  if (existsSync(home)) await rm(home, { recursive: true })
  for (const path of ['lib', 'config', 'plugins', 'modules/transport-netty4']) {
    await mkdir(join(home, path), { recursive: true })
  }
  for (const jar of await readdir(lib)) {
    await symlink(join(lib, jar), join(isTransport(jar) ? plugin : join(home, 'lib'), jar))
  }
  await writeFile(join(plugin, 'plugin-descriptor.properties'), descriptor)
}

const descriptor = `
description=netty4
version=${version}
name=transport-netty4
classname=org.elasticsearch.transport.netty4.Netty4Plugin
java.version=17
elasticsearch.version=${version}
modulename=
extended.plugins=
has.native.controller=false
licensed=false
`
