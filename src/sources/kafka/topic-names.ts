/** Names of topics, and patterns for them. A pattern knows `*`, any characters or none, and `?`, one
 *  character, neither of which a name can have; it is matched by hand in O(pattern * name), so that no
 *  regex is built of what a user wrote. */

/** A name, or a pattern for names. */
export const topicForm = /^(?!\.{1,2}$)[A-Za-z0-9._*?-]{1,249}$/

export function isPattern(topic: string): boolean {
  return /[*?]/.test(topic)
}

/** True when a configured topic, or pattern, stands for a name. What begins with two underscores
 *  belongs to the brokers, and no pattern stands for it. */
export function standsFor(topic: string, name: string): boolean {
  if (topic === name) return true
  return isPattern(topic) && !name.startsWith('__') && meet(topic, name)
}

/** True when some name is one that both stand for. */
export function meet(a: string, b: string): boolean {
  // row[j]: some text is one that a up to i and b up to j both stand for.
  let row = new Array<boolean>(b.length + 1).fill(false)
  row[0] = true
  for (let j = 0; j < b.length && b[j] === '*'; j++) row[j + 1] = true
  for (const char of a) {
    const next = new Array<boolean>(b.length + 1).fill(false)
    next[0] = row[0] === true && char === '*'
    for (let j = 0; j < b.length; j++) {
      const other = b[j] ?? ''
      const same = char === other || char === '?' || other === '?'
      // A star takes no character here, or the one that the other side has.
      if (char === '*' || other === '*') next[j + 1] = row[j + 1] === true || next[j] === true
      else next[j + 1] = row[j] === true && same
    }
    row = next
  }
  return row[b.length] === true
}
