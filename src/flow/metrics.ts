/** Counters and gauges of our own, in Prometheus text format 0.0.4.
 *  Each family holds at most 1,000 label sets; what comes after is added to the set `overflow`
 *  (promise 4: hostile label values must not grow memory). */

const seriesMax = 1_000

type Labels = Readonly<Record<string, string>>

/** One named metric with its label sets. */
export class Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly #values = new Map<string, number>()

  constructor(name: string, help: string, type: 'counter' | 'gauge') {
    this.name = name
    this.help = help
    this.type = type
  }

  add(amount: number, labels: Labels = {}): void {
    const key = this.#key(labels)
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount)
  }

  set(value: number, labels: Labels = {}): void {
    this.#values.set(this.#key(labels), value)
  }

  /** Forgets all label sets: what is not set again is over. */
  clear(): void {
    this.#values.clear()
  }

  /** Current value of one label set; 0 when it was never touched. */
  value(labels: Labels = {}): number {
    return this.#values.get(labelText(labels)) ?? 0
  }

  text(): string {
    const lines = [...this.#values].map(([labels, value]) => `${this.name}${labels} ${value}\n`)
    return `# HELP ${this.name} ${escapeHelp(this.help)}\n# TYPE ${this.name} ${this.type}\n${lines.join('')}`
  }

  #key(labels: Labels): string {
    const key = labelText(labels)
    if (this.#values.has(key) || this.#values.size < seriesMax) return key
    return labelText(Object.fromEntries(Object.keys(labels).map((name) => [name, 'overflow'])))
  }
}

/** All metrics of one process. */
export class Metrics {
  readonly #all = new Map<string, Metric>()

  counter(name: string, help: string): Metric {
    return this.#get(name, help, 'counter')
  }

  gauge(name: string, help: string): Metric {
    return this.#get(name, help, 'gauge')
  }

  /** The whole exposition. */
  text(): string {
    return [...this.#all.values()].map((metric) => metric.text()).join('')
  }

  #get(name: string, help: string, type: 'counter' | 'gauge'): Metric {
    const known = this.#all.get(name)
    if (known !== undefined) return known
    const metric = new Metric(name, help, type)
    this.#all.set(name, metric)
    return metric
  }
}

function labelText(labels: Labels): string {
  const entries = Object.entries(labels)
  if (entries.length === 0) return ''
  return `{${entries.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
