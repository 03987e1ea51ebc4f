import { ConfigurationError } from '../../model/errors.ts'
import type { AvroLong } from './avro-value.ts'
import { Fault } from './fault.ts'
import { logicalReader, shown } from './logical-values.ts'
import { branchName, describeNode, isObjectNode, isWrapping, logicalOf, type SchemaNode } from './schema-node.ts'

/**
 * Makes a field's default, anew for each record, from the JSON in its schema. Throws a ConfigurationError where the JSON is none for the
 * type. A default of a union is one of its first branch that it fits.
 */
export function defaultReader(
  node: SchemaNode,
  json: unknown,
  place: string,
  long: AvroLong = 'number',
): () => unknown {
  try {
    return makerOf(node, json, long)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const reason = `found the default ${error.message}, expected ${error.expected}`
    throw new ConfigurationError(`Cannot read an Avro schema at ${place}: ${reason}`, { cause: error })
  }
}

type Make = () => unknown

function makerOf(node: SchemaNode, json: unknown, long: AvroLong): Make {
  switch (node.kind) {
    case 'array': {
      if (!Array.isArray(json)) throw misfit(node, json)
      const items = json.map(item => makerOf(node.items, item, long))
      return () => items.map(make => make())
    }
    case 'map': {
      const values = Object.entries(objectOf(node, json)).map(
        ([key, value]) => [key, makerOf(node.values, value, long)] as const,
      )
      return () => Object.fromEntries(values.map(([key, make]) => [key, make()]))
    }
    case 'record': {
      const given = objectOf(node, json)
      const values = node.fields.map(({ name, type, default: own }) => {
        const value = Object.hasOwn(given, name) ? given[name] : own
        if (value === undefined) throw new Fault(`an object without ${name}`, describeNode(node))
        return [name, makerOf(type, value, long)] as const
      })
      return () => Object.fromEntries(values.map(([name, make]) => [name, make()]))
    }
    case 'union': {
      for (const branch of node.branches) {
        const make = ifFits(branch, json, long)
        if (make === undefined) continue
        const name = branchName(branch)
        return isWrapping(node) && isObjectNode(branch) ? () => ({ [name]: make() }) : make
      }
      throw misfit(node, json)
    }
    default:
      return plainMaker(node, json, long)
  }
}

function ifFits(branch: SchemaNode, json: unknown, long: AvroLong): Make | undefined {
  try {
    return makerOf(branch, json, long)
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}

function plainMaker(node: SchemaNode, json: unknown, long: AvroLong): Make {
  const logical = logicalOf(node)
  const plain = plainValue(node, json, longFor(node, long))
  const value = logical === undefined ? plain : (logicalReader(logical)?.(plain) ?? plain)
  if (value instanceof Uint8Array) return () => new Uint8Array(value)
  if (typeof value === 'object' && value !== null) return () => ({ ...value })
  return () => value
}

/** What a long of this type is read as: nanoseconds fit no number, and times of day and milliseconds always do. */
export function longFor(node: SchemaNode, long: AvroLong): AvroLong {
  const logical = logicalOf(node)
  if (logical?.kind === 'time') return 'number'
  if (logical?.kind !== 'timestamp' || logical.unit === 'micros') return long
  return logical.unit === 'millis' ? 'number' : 'bigint'
}

function plainValue(node: SchemaNode, json: unknown, long: AvroLong): unknown {
  switch (node.kind) {
    case 'null':
      if (json === null) return json
      break
    case 'boolean':
      if (typeof json === 'boolean') return json
      break
    case 'int':
      if (typeof json === 'number' && json === (json | 0)) return json
      break
    case 'long':
      if (typeof json === 'number' && Number.isSafeInteger(json)) return long === 'bigint' ? BigInt(json) : json
      break
    case 'float':
      if (typeof json === 'number') return Math.fround(json)
      break
    case 'double':
      if (typeof json === 'number') return json
      break
    case 'string':
      if (typeof json === 'string') return json
      break
    case 'enum':
      if (typeof json === 'string' && node.symbols.includes(json)) return json
      break
    case 'bytes':
    case 'fixed': {
      const bytes = typeof json === 'string' ? bytesOf(json) : undefined
      if (bytes !== undefined && (node.kind !== 'fixed' || bytes.length === node.size)) return bytes
    }
  }
  throw misfit(node, json)
}

/** Each character stands for the byte of its number. */
function bytesOf(text: string): Uint8Array | undefined {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return undefined
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

function objectOf(node: SchemaNode, json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw misfit(node, json)
  return Object.fromEntries(Object.entries(json))
}

const misfit = (node: SchemaNode, json: unknown): Fault => new Fault(shown(json), `one for ${describeNode(node)}`)
