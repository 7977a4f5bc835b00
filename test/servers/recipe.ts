/** What a recipe for a real server says; kafka/recipe.ts and elasticsearch/recipe.ts each give one.
 *  The servers run from the jars on Maven Central: no container, no download of a distribution. */

export type ServerKind = 'kafka' | 'elasticsearch'

/** Where one run of a server lives. */
export interface Place {
  /** Folder of the jars; shared by all runs, never written to. */
  readonly lib: string
  /** Folder of this run's data and logs. */
  readonly state: string
  readonly port: number
}

export interface Recipe {
  readonly kind: ServerKind
  readonly version: string
  /** Folder with the recipe's pom.xml. */
  readonly folder: string
  /** Environment variable that names a server to use instead. */
  readonly variable: string
  /** What that variable holds. */
  readonly form: string
  /** Makes ready what the server needs in a new state folder. */
  prepare(place: Place): Promise<void>
  /** Arguments of `java`. The process ends when its standard input does. */
  command(place: Place): readonly string[]
  /** Text in the server's output by which it is up. */
  readonly up: string
  /** The address as clients want it. */
  address(port: number): string
}
