import { describeNode, type SchemaNode } from '../../shared/codecs/avro/schema-node.ts'
import { found } from '../../shared/codecs/found.ts'
import { MalformedLineError } from './malformed-line.ts'

/** Throws a MalformedLineError: at this place something else stands than what is expected. */
export function misfit(where: string, value: unknown, expected: string): never {
  throw new MalformedLineError(`${where === '' ? '' : `${where}: `}found ${shown(value)}, expected ${expected}`)
}

/** A type for messages, with its article; of a union one of its branches is expected. */
export function oneOfType(node: SchemaNode): string {
  if (node.kind === 'union') return `one of ${node.branches.map(describeNode).join(', ')}`
  const text = describeNode(node)
  return `${/^[aei]/.test(text) ? 'an' : 'a'} ${text}`
}

function shown(value: unknown): string {
  if (value === undefined || value === '') return 'nothing'
  if (typeof value === 'bigint') return String(value)
  const text = typeof value === 'string' ? found(value) : found(JSON.stringify(value, bigintText)).slice(1, -1)
  return text.replaceAll('\\"', '"')
}

const bigintText = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
