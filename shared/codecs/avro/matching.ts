import { type NamedNode, withoutNamespace } from './schema-node.ts'

/** What else a writer's type may be read as, by Avro 1.12, "Schema Resolution". */
export const promotions: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
}

export const isNameOf = (reader: NamedNode, name: string): boolean =>
  reader.name === name || reader.aliases.includes(name)

/** Names match when they are equal without their namespaces, or by an alias of the reader's. */
export const areNamesMatching = (writer: NamedNode, reader: NamedNode): boolean =>
  isNameOf(reader, writer.name) || withoutNamespace(reader.name) === withoutNamespace(writer.name)
