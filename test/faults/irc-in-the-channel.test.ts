/** The whole daemon in a channel of a real IRC server: it joins, tells a deploy that a command has
 *  reported, pages and tells the end, answers, and comes back when it was thrown out. */
import { expect, onTestFinished, test } from 'vitest'
import { hasNgircd, Ngircd, Watcher } from '../receivers/ngircd.ts'
import { command, Daemon, folder, until } from './daemon.ts'
import { metricOf, receiverWhere, writeScene } from './receiver-scene.ts'

const sha = '3f2a9c1b7e4d5a6f8091a2b3c4d5e6f708192a3b'

test('a deploy, an alert and its end are told in the channel, !since is answered, and a kick is survived', async (context) => {
  const isRequired = (process.env['LASTPUSH_TEST_REQUIRE'] ?? '').split(',').includes('ngircd')
  if (!isRequired) context.skip(!hasNgircd, 'needs ngircd (apt-get install ngircd)')
  const server = new Ngircd()
  await server.start()
  const watcher = new Watcher(server.port, 'watcher')
  await watcher.joins('#push')
  onTestFinished(async () => {
    watcher.close()
    await server.remove()
  })
  const options = `{ server: 127.0.0.1, port: ${server.port}, tls: none, channel: '#push' }`
  const scene = writeScene(folder(), `{ irc: ${options} }`)
  const daemon = await new Daemon(scene).ready()
  await watcher.sees(/:lastpush!\S+ JOIN :?#push/)
  await receiverWhere(daemon, 'no fault', ({ fault }) => fault === null)

  const deploy = ['deploy', '--sha', sha, '--service', 'web', '--by', 'alice', '--data', scene.dataDir] // prettier-ignore
  expect(command(deploy).code).toBe(0)
  await watcher.sees(/PRIVMSG #push :push 3f2a9c1b7e by alice to web \(production\)$/)
  // The same report again is no news.
  expect(command(deploy).code).toBe(0)

  scene.fail('/cart')
  expect(await watcher.sees(/PRIVMSG #push :FIRING/)).toMatch(
    / :FIRING web: .* since push 3f2a9c1b7e by alice$/,
  )
  await watcher.sees(/PRIVMSG #push : {2}10\.0\.0\.7 .*"GET \/cart HTTP\/1\.1" 500 512/)
  await watcher.sees(/PRIVMSG #push : {2}http:\/\/127\.0\.0\.1:\d+\/\?from=/)
  watcher.say('PRIVMSG #push :!since web')
  await watcher.sees(/PRIVMSG #push :since push 3f2a9c1b7e by alice \(web, 0 min ago\): /)

  watcher.say('KICK #push lastpush :be quiet')
  const out = await receiverWhere(daemon, 'the fault', ({ fault }) => fault !== null)
  expect(out.fault).toBe('kicked by watcher: be quiet')
  expect(await metricOf(daemon, 'lastpush_receiver_fault')).toBe(1)
  const shown = command(['status', '--data', scene.dataDir]).stdout
  expect(shown).toContain(`receiver told (irc: #push on 127.0.0.1:${server.port}): `)
  expect(shown).toContain('    fault: kicked by watcher: be quiet\n')
  expect(daemon.stderr).toContain('not in #push: kicked by watcher: be quiet')
  const ended = until('the end to be told', () => {
    scene.pass('/')
    return watcher.lines.some((line) => line.includes('PRIVMSG #push :RESOLVED'))
  })
  await watcher.sees(/:lastpush!\S+ JOIN :?#push/)
  await ended
  expect(await metricOf(daemon, 'lastpush_receiver_fault')).toBe(0)
  const said = watcher.lines.filter((line) => /PRIVMSG #push :(FIRING|push )/.test(line))
  expect(said).toEqual([])
  expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
  await watcher.sees(/:lastpush!\S+ QUIT/)
})
