import type { SchemaRules } from '../../codecs/avro/parse-schema.ts'
import type { SchemaPlace, SchemaWords } from '../../codecs/avro/schema-words.ts'
import { defaultProblem } from './avro-default.ts'

const at = (pointer: string): string => `at "${pointer || '/'}"`

const misfit = (pointer: string, found: unknown, expected: string): Error =>
  new Error(`found ${JSON.stringify(found) ?? 'nothing'} ${at(pointer)}, expected ${expected}`)

const words: SchemaWords = {
  tooDeep: (_, deepest) => new Error(`the schema is nested more than ${deepest} deep`),
  notType: ({ pointer }, given) => misfit(pointer, given, 'a type'),
  lacking: ({ pointer }, what) => new Error(`${lackings[what]} ${at(pointer)}`),
  unionInUnion: ({ pointer }, index) => new Error(`a union directly within a union ${at(`${pointer}/${index}`)}`),
  twiceInUnion: ({ pointer }, name) => new Error(`the union ${at(pointer)} has "${name}" twice`),
  notFields: ({ pointer }, given) => misfit(`${pointer}/fields`, given, 'a list of fields'),
  notField: ({ pointer }, given) => misfit(pointer, given, 'a field'),
  fieldName: ({ pointer }, given) => misfit(`${pointer}/name`, given, 'a name of letters, digits and "_"'),
  fieldWithoutType: ({ pointer }, name) => new Error(`field "${name}" has no type ${at(pointer)}`),
  fieldTwice: ({ pointer }, name) => new Error(`field "${name}" is there twice ${at(pointer)}`),
  symbols: ({ pointer }, given) =>
    notNames(`${pointer}/symbols`, given) ?? new Error(`a symbol is there twice ${at(`${pointer}/symbols`)}`),
  symbolName: ({ pointer }, symbol) => misfit(`${pointer}/symbols`, symbol, 'a name of letters, digits and "_"'),
  enumDefault: ({ pointer }, given) => misfit(`${pointer}/default`, given, 'one of the symbols'),
  size: ({ pointer }, given) => misfit(`${pointer}/size`, given, 'a number of bytes'),
  noTypeName: ({ pointer }, given) => misfit(`${pointer}/name`, given, 'a name'),
  typeName: ({ pointer }, name) => misfit(`${pointer}/name`, name, 'names of letters, digits and "_"'),
  taken: ({ pointer }, name) => new Error(`cannot redefine "${name}" ${at(pointer)}`),
  unknownName: ({ pointer }, name) => new Error(`undefined name "${name}" ${at(pointer)}`),
}

const lackings = { type: 'no type', items: 'an array without "items"', values: 'a map without "values"' } as const

function notNames(pointer: string, given: unknown): Error | undefined {
  if (!Array.isArray(given)) return misfit(pointer, given, 'a list of names')
  const other = given.find(each => typeof each !== 'string')
  return other === undefined ? undefined : misfit(pointer, other, 'a name')
}

/** What a schema must be to be registered. Throws an Error with the place as a JSON pointer. */
export const registryRules: SchemaRules = {
  of: 'registered',
  // Nothing that people write is nested as deep, and no more fits the stack.
  deepest: 500,
  words,
  check: (part, { pointer }: SchemaPlace) => {
    const { aliases = [], order } = part.attributes
    const problem = notNames(`${pointer}/aliases`, aliases)
    if (problem !== undefined) throw problem
    if (!('type' in part)) return
    if (order !== undefined && order !== 'ascending' && order !== 'descending' && order !== 'ignore') {
      throw misfit(`${pointer}/order`, order, '"ascending", "descending" or "ignore"')
    }
    const wrong = part.default === undefined ? undefined : defaultProblem(part.type, part.default)
    if (wrong !== undefined) throw new Error(`invalid default of field "${part.name}" ${at(pointer)}: ${wrong}`)
  },
}
