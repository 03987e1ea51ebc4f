import { Fault, within } from './fault.ts'
import { logicalWriter, shown } from './logical-values.ts'
import { branchName, describeNode, isObjectNode, isWrapping, type SchemaNode, type UnionNode } from './schema-node.ts'
import type { Write } from './write-function.ts'

/**
 * Writes a value by the first branch that holds it exactly; a number that none does by the widest float. Objects of a union with several
 * branches of them say theirs by name.
 */
export function unionWriter(node: UnionNode, writes: readonly Write[]): Write {
  const nullable = nullableWriter(node, writes)
  if (nullable !== undefined) return nullable
  const fits = node.branches.map(fitsBranch)
  const objects = node.branches.map((branch, i) => [branchName(branch), i] as const)
  const wrapped = new Map(isWrapping(node) ? objects.filter(([, i]) => isObjectNode(node.branches[i])) : [])
  const widest = ['double', 'float']
    .map(kind => node.branches.findIndex(branch => branch.kind === kind))
    .find(i => i >= 0)
  return (output, value) => {
    const name = wrapped.size > 0 && isObject(value) ? onlyKey(value) : undefined
    const named = name === undefined ? undefined : wrapped.get(name)
    if (name !== undefined && named !== undefined) {
      output.int(named)
      try {
        writes[named](output, Reflect.get(Object(value), name))
      } catch (error) {
        throw within(error, [name])
      }
      return
    }
    let index = fits.findIndex((fit, i) => fit(value) && !(wrapped.size > 0 && isObjectNode(node.branches[i])))
    if (index < 0 && typeof value === 'number' && widest !== undefined) index = widest
    if (index < 0) throw new Fault(shown(value), expected(node))
    output.int(index)
    writes[index](output, value)
  }
}

/** Null and one other type: what is not null must be of that, and if it is not, its own words say best what is wrong. */
function nullableWriter({ branches }: UnionNode, writes: readonly Write[]): Write | undefined {
  const nullAt = branches.findIndex(({ kind }) => kind === 'null')
  if (branches.length !== 2 || nullAt < 0) return undefined
  const otherAt = 1 - nullAt
  const write = writes[otherAt]
  const other = describeNode(branches[otherAt])
  return (output, value) => {
    if (value === undefined) throw new Fault('undefined', `null or ${other}`)
    output.unsigned((value === null ? nullAt : otherAt) << 1)
    if (value !== null) write(output, value)
  }
}

type Fits = (value: unknown) => boolean

function fitsBranch(node: SchemaNode): Fits {
  if ('logical' in node && node.logical !== undefined) {
    const plain = fitsPlain(node)
    const plainOf = logicalWriter(node.logical, node)
    return value => {
      try {
        return plain(plainOf(value))
      } catch (error) {
        if (error instanceof Fault) return false
        throw error
      }
    }
  }
  return fitsPlain(node)
}

function fitsPlain(node: SchemaNode): Fits {
  switch (node.kind) {
    case 'null':
      return value => value === null
    case 'boolean':
      return value => typeof value === 'boolean'
    case 'int':
      return value => typeof value === 'number' && Object.is(value, value | 0)
    case 'long':
      return value =>
        typeof value === 'bigint'
          ? BigInt.asIntN(64, value) === value
          : typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0)
    case 'float':
      return value => typeof value === 'number' && Object.is(Math.fround(value), value)
    case 'double':
      return value => typeof value === 'number'
    case 'string':
      return value => typeof value === 'string'
    case 'enum':
      return value => typeof value === 'string' && node.symbols.includes(value)
    case 'bytes':
      return value => value instanceof Uint8Array
    case 'fixed':
      return value => value instanceof Uint8Array && value.length === node.size
    case 'array':
      return value => Array.isArray(value)
    case 'union':
      return () => false
    case 'map':
    case 'record':
      return isObject
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)

function onlyKey(value: object): string | undefined {
  const keys = Object.keys(value)
  return keys.length === 1 ? keys[0] : undefined
}

function expected(node: UnionNode): string {
  const names = node.branches.map(branch =>
    isWrapping(node) && isObjectNode(branch) ? `{ "${branchName(branch)}": … }` : describeNode(branch),
  )
  return `one of ${names.join(', ')}`
}
