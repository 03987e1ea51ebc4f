import { below, type JsonChange, limitChange } from './json-changes.ts'
import type { Compare } from './json-diff.ts'
import { isOpen, type JsonNode, type JsonObjectNode, restSchema } from './json-node.ts'
import { coveredChanges, removedChanges, restChanges, type Unlisted } from './json-rest-diff.ts'

/** The changes from one schema of objects to another. */
export function objectChanges(before: JsonObjectNode, after: JsonObjectNode, compare: Compare): readonly JsonChange[] {
  return [
    ...requiredChanges(before, after),
    ...propertyChanges(before, after, compare),
    ...dependencyChanges(before, after, compare),
    ...restChanges(before.rest, after.rest, { singular: 'PROPERTIES', suffix: 'Properties' }, compare),
    ...limitChange('maxProperties', 'MAX_PROPERTIES', before.keywords.maxProperties, after.keywords.maxProperties),
    ...limitChange('minProperties', 'MIN_PROPERTIES', before.keywords.minProperties, after.keywords.minProperties),
  ]
}

function requiredChanges(before: JsonObjectNode, after: JsonObjectNode): readonly JsonChange[] {
  return [...before.properties.keys()].flatMap(name => {
    const property = after.properties.get(name)
    if (property === undefined || before.required.has(name) === after.required.has(name)) return []
    const place = `/required/${name}`
    if (before.required.has(name)) return [{ kind: 'REQUIRED_ATTRIBUTE_REMOVED', place }]
    const hasDefault = property().about.default !== undefined
    return [{ kind: hasDefault ? 'REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED' : 'REQUIRED_ATTRIBUTE_ADDED', place }]
  })
}

function propertyChanges(before: JsonObjectNode, after: JsonObjectNode, compare: Compare): readonly JsonChange[] {
  const names = new Set([...before.properties.keys(), ...after.properties.keys()])
  return [...names].flatMap(name => {
    const [old, next] = [before.properties.get(name)?.(), after.properties.get(name)?.()]
    const changes =
      old === undefined
        ? addedChanges(name, next, before, after, compare)
        : next === undefined
          ? removedChanges('PROPERTY', old, unlisted(after, name), compare)
          : compare(old, next)
    return below(`/properties/${name}`, changes)
  })
}

/** An older object may have had anything under the name that its schema let through with the rest. */
function addedChanges(
  name: string,
  next: JsonNode | undefined,
  before: JsonObjectNode,
  after: JsonObjectNode,
  compare: Compare,
): readonly JsonChange[] {
  const presence = !after.required.has(name)
    ? 'OPTIONAL_PROPERTY'
    : next?.about.default === undefined
      ? 'REQUIRED_PROPERTY'
      : 'REQUIRED_PROPERTY_WITH_DEFAULT'
  const rest = unlisted(before, name)
  if (rest.isOpen) {
    if (next?.kind === 'anything')
      return [{ kind: 'PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL', place: '' }]
    return [{ kind: `${presence}_ADDED_TO_OPEN_CONTENT_MODEL`, place: '' }]
  }
  const added = { kind: `${presence}_ADDED_TO_UNOPEN_CONTENT_MODEL`, place: '' }
  const covering = rest.schema()
  if (covering === undefined) return [added]
  return [...coveredChanges('PROPERTY_ADDED', compare(covering, next)), added]
}

const unlisted = ({ patterns, rest }: JsonObjectNode, name: string): Unlisted => ({
  isOpen: isOpen(rest) && patterns.length === 0,
  schema: () => {
    const pattern = patterns.find(each => isMatched(each.pattern, name))
    return pattern === undefined ? restSchema(rest) : pattern.schema()
  },
})

/** A pattern of another dialect matches nothing. */
function isMatched(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(name)
  } catch {
    return false
  }
}

function dependencyChanges(before: JsonObjectNode, after: JsonObjectNode, compare: Compare): readonly JsonChange[] {
  const names = new Set([...before.dependentNames.keys(), ...after.dependentNames.keys()])
  const schemas = new Set([...before.dependentSchemas.keys(), ...after.dependentSchemas.keys()])
  return [
    ...[...names].flatMap(name => {
      const kind = namesChange(before.dependentNames.get(name), after.dependentNames.get(name))
      return kind === undefined ? [] : [{ kind: `DEPENDENCY_ARRAY_${kind}`, place: `/dependencies/${name}` }]
    }),
    ...[...schemas].flatMap(name => {
      const place = `/dependencies/${name}`
      const [old, next] = [before.dependentSchemas.get(name), after.dependentSchemas.get(name)]
      if (next === undefined) return [{ kind: 'DEPENDENCY_SCHEMA_REMOVED', place }]
      if (old === undefined) return [{ kind: 'DEPENDENCY_SCHEMA_ADDED', place }]
      return below(place, compare(old(), next()))
    }),
  ]
}

function namesChange(before: readonly string[] | undefined, after: readonly string[] | undefined): string | undefined {
  if (after === undefined) return 'REMOVED'
  if (before === undefined) return 'ADDED'
  const isExtended = before.every(name => after.includes(name))
  const isNarrowed = after.every(name => before.includes(name))
  if (isExtended && isNarrowed) return undefined
  return isExtended ? 'EXTENDED' : isNarrowed ? 'NARROWED' : 'CHANGED'
}
