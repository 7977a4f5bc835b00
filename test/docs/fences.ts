/** The fenced blocks of the Markdown pages: what the tests of the docs run and load. */
import { readFileSync } from 'node:fs'
import { pages, root } from '../../docs/generate.ts'

/** One fenced block. */
export interface Fence {
  readonly page: string
  readonly language: string
  /** What follows the language on the opening line: `run`, or `rule rules/x.yaml`. */
  readonly info: string
  readonly text: string
  /** It stands in a part that `npm run docs` writes. */
  readonly generated: boolean
}

/** All blocks of all pages, in order. */
export function fences(): Fence[] {
  return pages().flatMap((page) => fencesOf(page, readFileSync(`${root}${page}`, 'utf8')))
}

export function fencesOf(page: string, text: string): Fence[] {
  return [...text.matchAll(/^( *)```(\w*)(?: (.*))?\n([\s\S]*?)^\1```$/gm)].map((match) => {
    const before = text.slice(0, match.index)
    const [, indent = '', language = '', info = '', inside = ''] = match
    return {
      page,
      language,
      info,
      text: inside.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      generated: before.lastIndexOf('\n<!-- generated:') > before.lastIndexOf('\n<!-- end -->'),
    }
  })
}

/** Name of a block in lists and test names: its page and its first line. */
export function nameOf({ page, text }: Fence): string {
  return `${page}: ${text.split('\n', 1)[0] ?? ''}`
}
