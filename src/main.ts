#!/usr/bin/env node
/** The program's first lines, kept apart from everything else and in old syntax: on a Node that is
 *  too old the person reads what to do instead of a stack trace. */
const wanted = [20, 19] as const
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < wanted[0] || (major === wanted[0] && minor < wanted[1])) {
  process.stderr.write(
    `lastpush needs Node.js ${wanted[0]}.${wanted[1]} or newer; this is ${process.versions.node}. ` +
      'Install it from https://nodejs.org or with "nvm install 22".\n',
  )
  process.exitCode = 2
} else {
  // Node would open its debugger on SIGUSR1, and a SIGHUP in the first moments would kill unasked.
  process.on('SIGUSR1', () => {})
  process.on('SIGHUP', () => {})
  const { main } = await import('./cli.ts')
  process.exitCode = await main(process.argv)
}
