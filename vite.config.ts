/** Builds the page: src/web → dist/web. Nothing is inlined, neither code nor data: URLs, since the
 *  server's Content-Security-Policy allows the page's own files only. */
import { defineConfig } from 'vite'

export default defineConfig({
  root: new URL('src/web', import.meta.url).pathname,
  // Relative, so that a proxy may mount the page below any path.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: new URL('dist/web', import.meta.url).pathname,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
})
