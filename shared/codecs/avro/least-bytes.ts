import type { RecordNode, SchemaNode } from './schema-node.ts'

const known = new WeakMap<RecordNode, number>()

/** The fewest bytes that a value takes: what a count in a record is checked against before anything is made for it. */
export function leastBytes(node: SchemaNode): number {
  switch (node.kind) {
    case 'null':
      return 0
    case 'float':
      return 4
    case 'double':
      return 8
    case 'fixed':
      return node.size
    case 'record': {
      const before = known.get(node)
      if (before !== undefined) return before
      // Of a record inside itself: it takes more, but less is always true.
      known.set(node, 0)
      const sum = node.fields.reduce((bytes, { type }) => bytes + leastBytes(type), 0)
      known.set(node, sum)
      return sum
    }
    default:
      return 1
  }
}
