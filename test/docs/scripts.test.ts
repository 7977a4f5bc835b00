/** What the docs tell people to run of the project itself is there: npm scripts, test files and
 *  folders. Running them here would be the whole suite inside itself. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, it, test } from 'vitest'
import { pages, root } from '../../docs/generate.ts'

const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  scripts: Record<string, string>
}
const projects = ['unit', 'slow']
/** Stands for a name that the reader chooses. */
const invented = /my[-_]/

/** What a text tells to run and is not there. */
function missing(text: string): string[] {
  const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name)
  const runs = [...text.matchAll(/\bvitest run --project (\w+) ([\w./-]+)/g)]
  const paths = [...text.matchAll(/(?<![\w/.])((?:test|src|bench)\/[\w./-]*\w)/g)]
  return [
    ...named.filter((name) => scripts[name] === undefined).map((name) => `npm run ${name}`),
    ...runs.filter(([, project = '']) => !projects.includes(project)).map(([run]) => run),
    ...paths
      .map(([, path = '']) => path)
      .filter((path) => !invented.test(path) && !existsSync(`${root}${path}`))
      .filter((path) => !existsSync(`${root}${path}.test.ts`)),
  ]
}

test.each(pages())('%s names scripts and files that exist', (page) => {
  expect(missing(readFileSync(`${root}${page}`, 'utf8'))).toEqual([])
})

it('names of what is gone are found', () => {
  const text =
    'npm run gone; npx vitest run --project fast test/gone.test.ts src/main.ts test/my-x.ts'
  expect(missing(text)).toEqual([
    'npm run gone',
    'vitest run --project fast test/gone.test.ts',
    'test/gone.test.ts',
  ])
})
