import { branchName, type LogicalType, logicalName, logicalOf, type SchemaNode } from './schema-node.ts'

/** Avro's Parsing Canonical Form: what is needed to read bytes and nothing else, in one spelling. From the specification. */
export const canonicalForm = (node: SchemaNode): string => formOf(node, new Set(), () => '')

/** The canonical form with what it leaves out and what matters to values all the same: logical types. */
export const meaningForm = (node: SchemaNode): string => formOf(node, new Set(), logicalName)

function formOf(node: SchemaNode, defined: Set<SchemaNode>, logical: (logical: LogicalType) => string): string {
  const text = JSON.stringify
  const of = (inner: SchemaNode): string => formOf(inner, defined, logical)
  const given = logicalOf(node)
  const suffix = given === undefined ? '' : logical(given)
  if ('name' in node) {
    if (defined.has(node)) return text(branchName(node))
    defined.add(node)
  }
  switch (node.kind) {
    case 'record': {
      const fields = node.fields.map(({ name, type }) => `{"name":${text(name)},"type":${of(type)}}`)
      return `{"name":${text(node.name)},"type":"record","fields":[${fields.join(',')}]}`
    }
    case 'enum':
      return `{"name":${text(node.name)},"type":"enum","symbols":${text(node.symbols)}}`
    case 'fixed':
      return `{"name":${text(node.name)},"type":"fixed","size":${node.size}}${suffix}`
    case 'array':
      return `{"type":"array","items":${of(node.items)}}`
    case 'map':
      return `{"type":"map","values":${of(node.values)}}`
    case 'union':
      return `[${node.branches.map(of).join(',')}]`
    default:
      return `${text(node.kind)}${suffix}`
  }
}

/** The fingerprint of no bytes, from the specification. */
const empty = 0xc15d213aa4d7a795n

let table: readonly bigint[] | undefined

/** The CRC-64-AVRO fingerprint of a schema's canonical form, as 16 hexadecimal digits: how single objects name it. */
export function fingerprint(node: SchemaNode): string {
  table ??= Array.from({ length: 256 }, (_, i) => {
    let value = BigInt(i)
    for (let bit = 0; bit < 8; bit++) value = (value >> 1n) ^ ((value & 1n) === 0n ? 0n : empty)
    return value
  })
  let hash = empty
  for (const byte of Buffer.from(canonicalForm(node), 'utf8')) {
    hash = (hash >> 8n) ^ table[Number((hash ^ BigInt(byte)) & 0xffn)]
  }
  return hash.toString(16).padStart(16, '0')
}
