import { branchName, type SchemaNode } from '../../codecs/avro/schema-node.ts'

/** What is wrong with a field's default, undefined where nothing is. A union's default is of any of its branches (Avro 1.12). */
export function defaultProblem(schema: SchemaNode, value: unknown): string | undefined {
  if (fits(schema, value)) return undefined
  return `found ${JSON.stringify(value)}, expected a value of type ${branchName(schema)}`
}

function fits(schema: SchemaNode, value: unknown): boolean {
  switch (schema.kind) {
    case 'null':
      return value === null
    case 'boolean':
      return typeof value === 'boolean'
    case 'int':
      return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2 ** 31
    case 'long':
      return typeof value === 'number' && Number.isInteger(value)
    case 'float':
    case 'double':
      return typeof value === 'number' || value === 'NaN' || value === 'Infinity' || value === '-Infinity'
    case 'string':
    case 'bytes':
    case 'fixed':
      return typeof value === 'string'
    case 'enum':
      return typeof value === 'string' && schema.symbols.includes(value)
    case 'array':
      return Array.isArray(value) && value.every(each => fits(schema.items, each))
    case 'map':
      return isObject(value) && Object.values(value).every(each => fits(schema.values, each))
    case 'union':
      return schema.branches.some(branch => fits(branch, value))
    case 'record':
      return (
        isObject(value) &&
        schema.fields.every(field => {
          const given = Object.hasOwn(value, field.name) ? value[field.name] : field.default
          return given !== undefined && fits(field.type, given)
        })
      )
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
