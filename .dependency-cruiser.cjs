/** No cycles, and the page stands apart. The ranks of the folders are held by test/tidy.test.ts,
 *  which says them in the words of docs/ARCHITECTURE.md. */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'page-takes-types-only',
      severity: 'error',
      from: { path: '^src/web' },
      to: { pathNot: '^src/web|node_modules', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nobody-imports-the-page',
      severity: 'error',
      from: { pathNot: '^src/web' },
      to: { path: '^src/web' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
}
