/** The keys that a schema knows at a path, for "did you mean". Looks through wrappers such as
 *  optional and default, into lists, records and every branch of a union. */
import { z } from 'zod'
import type { FieldPath } from './place.ts'

/** All keys that a map at this path may have; empty when the schema does not say. */
export function knownKeys(schema: z.core.$ZodType, path: FieldPath): readonly string[] {
  let at = [schema].flatMap(unwrapped)
  for (const part of path) at = at.flatMap((one) => childrenOf(one, part)).flatMap(unwrapped)
  return [
    ...new Set(at.flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : []))),
  ]
}

function childrenOf(schema: z.core.$ZodType, part: string | number): z.core.$ZodType[] {
  if (schema instanceof z.ZodArray) return [schema.element]
  if (schema instanceof z.ZodRecord) return [schema.valueType]
  if (!(schema instanceof z.ZodObject)) return []
  const shape = new Map(Object.entries<z.core.$ZodType>(schema.shape))
  const child = shape.get(String(part))
  return child === undefined ? [] : [child]
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrapped)
  if (schema instanceof z.ZodPipe) {
    // A value is reshaped first: its keys are those of what checks it then.
    return unwrapped(schema.in instanceof z.ZodTransform ? schema.out : schema.in)
  }
  if (schema instanceof z.ZodLazy) return unwrapped(schema.unwrap())
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return unwrapped(schema.unwrap())
  }
  return [schema]
}
