import { defaultReader } from '../../shared/codecs/avro/default-value.ts'
import {
  branchName,
  isObjectNode,
  isWrapping,
  logicalOf,
  type RecordNode,
  type SchemaNode,
  type UnionNode,
  withoutNamespace,
} from '../../shared/codecs/avro/schema-node.ts'
import { found } from '../../shared/codecs/found.ts'
import { type LogicalNode, ofLogical, wholeFrom } from './avro-logical.ts'
import { MalformedLineError } from './malformed-line.ts'
import { misfit, oneOfType } from './misfit.ts'

/**
 * The value of an Avro type that JSON stands for, in the shape that the codec takes: what `consume --codec avro` prints, and Avro's own JSON
 * encoding with the branch of a union around its value. Bytes are base64, times ISO 8601 or Avro's numbers, long integers and decimals numbers
 * or texts. Fields that are missing have their default, those that the schema does not have are left out. Throws a MalformedLineError that
 * names the place.
 */
export function avroOfJson(node: SchemaNode, value: unknown, where: string): unknown {
  if (isLogical(node)) return ofLogical(node, value, where)
  switch (node.kind) {
    case 'null':
      return value === null ? null : misfit(where, value, 'null')
    case 'boolean':
      return typeof value === 'boolean' ? value : misfit(where, value, 'a boolean')
    case 'int':
      return wholeFrom(value, where, 'an int, a whole number of 32 bits', 31n)
    case 'long':
      return wholeFrom(value, where, 'a long, a whole number of 64 bits', 63n)
    case 'float':
    case 'double':
      return floatFrom(value, where, node.kind)
    case 'string':
      return typeof value === 'string' ? value : misfit(where, value, 'a string')
    case 'bytes':
      return bytesFrom(value, where, 'bytes in base64')
    case 'fixed': {
      const bytes = bytesFrom(value, where, `${node.size} bytes in base64`)
      return bytes.length === node.size ? bytes : misfit(where, value, `${node.size} bytes in base64`)
    }
    case 'enum':
      if (typeof value === 'string' && node.symbols.includes(value)) return value
      return misfit(where, value, `one of ${node.symbols.map(symbol => found(symbol)).join(', ')}`)
    case 'array':
      if (!Array.isArray(value)) return misfit(where, value, 'an array')
      return value.map((item, i) => avroOfJson(node.items, item, `${where}[${i}]`))
    case 'map':
      if (!isObject(value)) return misfit(where, value, 'an object')
      return Object.fromEntries(
        Object.entries(value).map(([key, part]) => [key, avroOfJson(node.values, part, `${where}[${found(key)}]`)]),
      )
    case 'record':
      return ofRecord(node, value, where)
    case 'union':
      return ofUnion(node, value, where)
  }
}

/** What a field has when nothing is given for it. Throws a MalformedLineError where it has no default. */
export function defaultOf(field: RecordNode['fields'][number], where: string): unknown {
  if (field.default === undefined) return misfit(where, undefined, oneOfType(field.type))
  return defaultReader(field.type, field.default, field.name)()
}

/** A field by its name, or by one of the names that it had. */
export const namesOf = (field: RecordNode['fields'][number]): readonly string[] => [field.name, ...field.aliases]

function ofRecord(node: RecordNode, value: unknown, where: string): unknown {
  if (!isObject(value)) return misfit(where, value, oneOfType(node))
  const record: Record<string, unknown> = {}
  for (const field of node.fields) {
    const place = where === '' ? `field ${found(field.name)}` : `${where}.${field.name}`
    const name = namesOf(field).find(each => Object.hasOwn(value, each))
    record[field.name] = name === undefined ? defaultOf(field, place) : avroOfJson(field.type, value[name], place)
  }
  return record
}

/** A value in an object with the name of its branch, as Avro writes it, or the first branch that the value fits. */
function ofUnion(union: UnionNode, value: unknown, where: string): unknown {
  const wraps = (branch: SchemaNode, part: unknown): unknown =>
    isWrapping(union) && isObjectNode(branch) ? { [branchName(branch)]: part } : part
  const named = branchNamed(union, value)
  if (named !== undefined) return wraps(named.branch, avroOfJson(named.branch, named.value, where))
  for (const branch of union.branches) {
    try {
      return wraps(branch, avroOfJson(branch, value, where))
    } catch (error) {
      if (!(error instanceof MalformedLineError)) throw error
    }
  }
  const others = union.branches.filter(({ kind }) => kind !== 'null')
  if (others.length === 1) return avroOfJson(others[0], value, where)
  return misfit(where, value, oneOfType(union))
}

function branchNamed({ branches }: UnionNode, value: unknown) {
  if (!isObject(value)) return undefined
  const [[name, part] = [undefined, undefined], ...others] = Object.entries(value)
  if (name === undefined || others.length > 0) return undefined
  const branch =
    branches.find(each => branchName(each) === name) ??
    branches.find(each => 'name' in each && withoutNamespace(each.name) === name)
  return branch === undefined ? undefined : { branch, value: part }
}

function floatFrom(value: unknown, where: string, kind: 'float' | 'double'): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
  return misfit(where, value, `a ${kind}`)
}

function bytesFrom(value: unknown, where: string, expected: string): Buffer {
  const isBase64 = typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value)
  return isBase64 ? Buffer.from(value, 'base64') : misfit(where, value, expected)
}

const isLogical = (node: SchemaNode): node is LogicalNode => logicalOf(node) !== undefined

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
