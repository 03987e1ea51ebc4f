import { ConfigurationError } from '../../model/errors.ts'
import { found } from '../found.ts'
import { isPrimitive } from './schema-node.ts'

/** Where in a schema: by names, as `Order.lines[]`, and as a JSON pointer. */
export type SchemaPlace = { readonly place: string; readonly pointer: string }

/** What a parser says of a schema that is none, each of the type or the field at a place. */
export type SchemaWords = {
  readonly tooDeep: (at: SchemaPlace, deepest: number) => Error
  readonly notType: (at: SchemaPlace, given: unknown) => Error
  /** An object without `type`, an array without `items`, a map without `values`. */
  readonly lacking: (at: SchemaPlace, what: 'type' | 'items' | 'values') => Error
  readonly unionInUnion: (at: SchemaPlace, index: number) => Error
  readonly twiceInUnion: (at: SchemaPlace, name: string) => Error
  readonly notFields: (at: SchemaPlace, given: unknown) => Error
  readonly notField: (at: SchemaPlace, given: unknown) => Error
  readonly fieldName: (at: SchemaPlace, given: unknown) => Error
  readonly fieldWithoutType: (at: SchemaPlace, name: string) => Error
  readonly fieldTwice: (at: SchemaPlace, name: string) => Error
  /** No list of names, or one that has a name twice. */
  readonly symbols: (at: SchemaPlace, given: unknown) => Error
  readonly symbolName: (at: SchemaPlace, symbol: string) => Error
  readonly enumDefault: (at: SchemaPlace, given: unknown) => Error
  readonly size: (at: SchemaPlace, given: unknown) => Error
  readonly noTypeName: (at: SchemaPlace, given: unknown) => Error
  /** `part` is what is wrong with it. */
  readonly typeName: (at: SchemaPlace, name: string, part: string) => Error
  readonly taken: (at: SchemaPlace, name: string) => Error
  readonly unknownName: (at: SchemaPlace, name: string, known: Iterable<string>) => Error
}

const nameRule = 'letters, digits and _, no digit first'

/** A ConfigurationError each, with the place by names. */
export const codecWords: SchemaWords = {
  tooDeep: ({ place }, deepest) => misread(place, `${deepest} or more types inside each other`, 'fewer'),
  notType: ({ place }, given) => misread(place, jsonText(given), 'a type'),
  lacking: ({ place }, what) => misread(place + marks[what], 'nothing', 'a type'),
  unionInUnion: ({ place }) => misread(place, 'a union in a union', 'one union of all types'),
  twiceInUnion: ({ place }, name) => misread(place, `a union that has ${found(name)} twice`, 'each type once'),
  notFields: ({ place }) => misread(place, 'no fields', 'an array of fields'),
  notField: ({ place }, given) => misread(place, jsonText(given), 'a field with a name and a type'),
  fieldName: ({ place }, given) => misread(place, `the name ${JSON.stringify(given)}`, nameRule),
  fieldWithoutType: ({ place }) => misread(place, 'nothing', 'a type'),
  fieldTwice: ({ place }) => misread(place, 'its name twice', 'each field once'),
  symbols: ({ place }, given) => misread(place, `the symbols ${JSON.stringify(given)}`, 'names, each once'),
  symbolName: ({ place }, symbol) => misread(place, `the symbol ${found(symbol)}`, nameRule),
  enumDefault: ({ place }, given) => misread(place, `the default ${JSON.stringify(given)}`, 'one of its symbols'),
  size: ({ place }, given) => misread(place, `the size ${JSON.stringify(given)}`, 'a whole number of bytes'),
  noTypeName: ({ place }, given) => misread(place, `a type named ${JSON.stringify(given)}`, 'a name'),
  typeName: ({ place }, _, part) => misread(place, `the name ${found(part)}`, nameRule),
  taken: ({ place }, name) =>
    isPrimitive(name)
      ? misread(place, 'a type of Avro defined', 'another name')
      : misread(place, 'it defined twice', 'its name the second time'),
  unknownName: ({ place }, name, names) => {
    const known = [...names].map(each => found(each)).join(', ')
    return misread(place, `the type ${found(name)}`, `a type of Avro${known === '' ? '' : ` or one of ${known}`}`)
  },
}

const marks = { type: '', items: '[]', values: '{}' } as const

const jsonText = (given: unknown): string => JSON.stringify(given) ?? 'nothing'

export function misread(place: string, what: string, expected: string): ConfigurationError {
  const where = place === '' ? '' : ` at ${place}`
  return new ConfigurationError(`Cannot read an Avro schema${where}: found ${what}, expected ${expected}`)
}
