/** Builds the programs: src/main.ts and the worker threads → dist/. Hundreds of modules in a few files:
 *  finding and compiling each by itself takes a process twice as long to start. Libraries with code of
 *  their own for the machine, and those that are loaded only when a kind is configured, stay outside. */
import { defineConfig } from 'vite'

export default defineConfig({
  ssr: { noExternal: ['commander', 'p-queue', 'yaml', 'zod'] },
  build: {
    ssr: true,
    outDir: 'dist',
    emptyOutDir: false,
    target: 'node20.19',
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: {
        main: 'src/main.ts',
        'sqlite-writer': 'src/store/sqlite-writer.ts',
        'parse-worker': 'src/replay/parse-worker.ts',
      },
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name].js' },
    },
  },
})
