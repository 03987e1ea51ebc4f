import { areNamesMatching, promotions } from '../../codecs/avro/matching.ts'
import type { NamedNode, RecordNode, SchemaNode } from '../../codecs/avro/schema-node.ts'
import { problemText, type SideNames } from '../schema-format.ts'

/**
 * What keeps a reader with one schema from reading all that was written with the other, by Avro's rules of resolution. Types of the same
 * name that refer to themselves are compared once. Places are those of the reader.
 */
export function avroProblems(reader: SchemaNode, writer: SchemaNode, names: SideNames): readonly string[] {
  const compared = new Map<SchemaNode, Set<SchemaNode>>()

  function problems(read: SchemaNode, written: SchemaNode, place: string): readonly string[] {
    const seen = compared.get(read) ?? new Set()
    compared.set(read, seen)
    const isNamed = 'name' in read && 'name' in written
    if (isNamed && seen.has(written)) return []
    if (isNamed) seen.add(written)
    const found = fresh(read, written, place)
    // What is wrong with a pair is wrong wherever it comes again, as in another branch of a union.
    if (found.length > 0) seen.delete(written)
    return found
  }

  function fresh(read: SchemaNode, written: SchemaNode, place: string): readonly string[] {
    if (written.kind === 'union') return unionWritten(read, written.branches, place)
    if (read.kind === 'union') {
      if (read.branches.some(branch => problems(branch, written, place).length === 0)) return []
      return [missingBranch(written, place)]
    }
    if (promotions[written.kind]?.includes(read.kind)) return []
    if (read.kind !== written.kind) return [typeMismatch(read, written, place)]
    if (read.kind === 'array' && written.kind === 'array') return problems(read.items, written.items, `${place}/items`)
    if (read.kind === 'map' && written.kind === 'map') return problems(read.values, written.values, `${place}/values`)
    if (!('name' in read) || !('name' in written)) return []
    return [...nameProblems(read, written, place), ...namedProblems(read, written, place)]
  }

  function unionWritten(read: SchemaNode, branches: readonly SchemaNode[], place: string): readonly string[] {
    if (read.kind !== 'union') return branches.flatMap(branch => problems(read, branch, place))
    return branches.flatMap((branch, index) => problems(read, branch, `${place}/${index}`))
  }

  function namedProblems(read: NamedNode, written: NamedNode, place: string): readonly string[] {
    if (read.kind === 'fixed' && written.kind === 'fixed') {
      if (read.size === written.size) return []
      const sentence = `The size of FIXED type field at path '${at(`${place}/size`)}' in the ${names.reader} schema does not match with the ${names.writer} schema`
      return [problem('FIXED_SIZE_MISMATCH', sentence, `expected: ${written.size}, found: ${read.size}`)]
    }
    if (read.kind === 'enum' && written.kind === 'enum') {
      const missing = written.symbols.filter(symbol => !read.symbols.includes(symbol))
      if (missing.length === 0 || read.default !== undefined) return []
      const list = `[${missing.join(', ')}]`
      const sentence = `The ${names.reader} schema is missing enum symbols '${list}' at path '${at(`${place}/symbols`)}' in the ${names.writer} schema`
      return [problem('MISSING_ENUM_SYMBOLS', sentence, list)]
    }
    return read.kind === 'record' && written.kind === 'record' ? recordProblems(read, written, place) : []
  }

  function recordProblems(read: RecordNode, written: RecordNode, place: string): readonly string[] {
    return read.fields.flatMap((field, index) => {
      const here = `${place}/fields/${index}`
      const same =
        written.fields.find(({ name }) => name === field.name) ??
        written.fields.find(({ name }) => field.aliases.includes(name))
      if (same !== undefined) return problems(field.type, same.type, `${here}/type`)
      if (field.default !== undefined) return []
      const sentence = `The field '${field.name}' at path '${at(here)}' in the ${names.reader} schema has no default value and is missing in the ${names.writer} schema`
      return [problem('READER_FIELD_MISSING_DEFAULT_VALUE', sentence, field.name)]
    })
  }

  function typeMismatch(read: SchemaNode, written: SchemaNode, place: string): string {
    const sentence = `The type (path '${at(place)}') of a field in the ${names.reader} schema does not match with the ${names.writer} schema`
    const more = `reader type: ${read.kind.toUpperCase()} not compatible with writer type: ${written.kind.toUpperCase()}`
    return problem('TYPE_MISMATCH', sentence, more)
  }

  function missingBranch(written: SchemaNode, place: string): string {
    const sentence = `The ${names.reader} schema is missing a type inside a union field at path '${at(place)}' in the ${names.writer} schema`
    return problem('MISSING_UNION_BRANCH', sentence, `reader union lacking writer type: ${written.kind.toUpperCase()}`)
  }

  return problems(reader, writer, '')
}

function nameProblems(read: NamedNode, written: NamedNode, place: string): readonly string[] {
  if (areNamesMatching(written, read)) return []
  const sentence = `The name of the schema has changed (path '${at(`${place}/name`)}')`
  return [problem('NAME_MISMATCH', sentence, `expected: ${written.name}`)]
}

const problem = (kind: string, sentence: string, more: string): string =>
  problemText(kind, sentence, `, additionalInfo:"${more}"`)

const at = (place: string): string => place || '/'
