/** A service as part of a key: null apart from every name, the empty one too. */

/** null → '', 'web' → '=web'. */
export function serviceKey(service: string | null): string {
  return service === null ? '' : `=${service}`
}

/** The inverse of serviceKey. */
export function serviceOf(key: string): string | null {
  return key === '' ? null : key.slice(1)
}
