import { isObjectNode, logicalOf, type SchemaNode, type UnionNode } from '../../shared/codecs/avro/schema-node.ts'
import { avroOfJson } from './avro-json.ts'
import type { CsvText } from './csv-lines.ts'
import { jsonOf } from './json-text.ts'
import { MalformedLineError } from './malformed-line.ts'
import { misfit, oneOfType } from './misfit.ts'

/**
 * The value of an Avro type that a column's text stands for: numbers in decimal, `true` or `false`, times in ISO 8601 or as Avro's numbers,
 * bytes in base64; arrays, maps and records as JSON. Nothing at all is null where that is allowed. Of a
 * union the first branch that can be read counts. Throws a MalformedLineError at `where`.
 */
export function avroOfText(node: SchemaNode, column: CsvText, where: string): unknown {
  return read(node, column, where)
}

function read(node: SchemaNode, { text, quoted }: CsvText, where: string): unknown {
  switch (node.kind) {
    case 'null':
      if (text === '' && !quoted) return null
      return misfit(where, text, 'nothing')
    case 'union':
      return readUnion(node, { text, quoted }, where)
    case 'boolean':
      if (/^true$/i.test(text)) return true
      if (/^false$/i.test(text)) return false
      return misfit(where, text, 'a boolean, true or false')
    case 'int':
    case 'long':
    case 'float':
    case 'double':
      return avroOfJson(node, isNumber(text) ? numberOf(text) : text, where)
    case 'record':
    case 'array':
    case 'map':
      return avroOfJson(node, jsonAt(node, text, where), where)
    case 'fixed':
      return avroOfJson(node, logicalOf(node)?.kind === 'duration' ? jsonAt(node, text, where) : text, where)
    default:
      return avroOfJson(node, text, where)
  }
}

function readUnion(union: UnionNode, column: CsvText, where: string): unknown {
  for (const branch of inOrder(union.branches, column)) {
    try {
      // Which of several kinds of object it is, the union knows.
      if (isObjectNode(branch)) return avroOfJson(union, jsonAt(branch, column.text, where), where)
      return read(branch, column, where)
    } catch (error) {
      if (!(error instanceof MalformedLineError)) throw error
    }
  }
  // With one type beside null, that says it better.
  const others = union.branches.filter(({ kind }) => kind !== 'null')
  if (others.length === 1 && !(column.text === '' && !column.quoted)) read(others[0], column, where)
  return misfit(where, column.text, oneOfType(union))
}

/** Nothing at all is null, wherever null stands. */
const inOrder = (branches: readonly SchemaNode[], { text, quoted }: CsvText): readonly SchemaNode[] =>
  text === '' && !quoted
    ? [...branches].sort((a, b) => Number(b.kind === 'null') - Number(a.kind === 'null'))
    : branches

function jsonAt(node: SchemaNode, text: string, where: string): unknown {
  try {
    return jsonOf(text)
  } catch (error) {
    if (!(error instanceof MalformedLineError)) throw error
    return misfit(where, text, `${oneOfType(node)} as JSON`)
  }
}

const isNumber = (text: string): boolean => /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?$/.test(text)

/** A whole number that no double has is a big integer. */
function numberOf(text: string): number | bigint {
  const number = Number(text)
  return /^[+-]?\d+$/.test(text) && !Number.isSafeInteger(number) ? BigInt(text.replace('+', '')) : number
}
