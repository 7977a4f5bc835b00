/** Contrast of two colours, and the custom properties of a style sheet in light or dark. */

/** Relative luminance by WCAG 2.2 of a colour such as `#b3261e` or `rgb(179, 38, 30)`. */
function luminance(colour: string): number {
  const parts = colour.startsWith('#')
    ? (colour.slice(1).match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))
    : (colour.match(/[\d.]+/g) ?? []).map(Number)
  const [red, green, blue] = parts.map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  if (red === undefined || green === undefined || blue === undefined) {
    throw new Error(`${colour} is no colour`)
  }
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** From 1 (the same) to 21 (black on white). @throws Error for what is no opaque colour. */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

/** Name (without `--`) → value. */
export function theme(css: string, scheme: 'light' | 'dark'): ReadonlyMap<string, string> {
  const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)')
  const read = scheme === 'light' ? light : light + dark
  return new Map(
    [...read.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name = '', value = '']) => [name, value]),
  )
}
