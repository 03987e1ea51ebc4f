import { createHash } from 'node:crypto'
import type { WrittenReference, WrittenSchema } from '../codecs/framing/schema-source.ts'
import { describeThrown } from '../model/errors.ts'
import type { RegistryStore } from '../ports/registry-store.ts'
import { type SchemaDocument, type SchemaReference, type SubjectDocument, schemaKey, subjectKey } from './documents.ts'
import { formatOf } from './formats.ts'
import { RegistryError, refusal } from './registry-error.ts'
import type { ParsedSchema, SchemaType } from './schema-format.ts'

/** A schema as a request brings it. */
export type GivenSchema = {
  readonly type: SchemaType
  readonly text: string
  /** A version of -1 is the newest one. */
  readonly references?: readonly SchemaReference[]
}

/** A schema that was understood, with all that it refers to. */
export type UnderstoodSchema = {
  readonly parsed: ParsedSchema
  /** What is kept and given to readers. */
  readonly text: string
  readonly references: readonly SchemaReference[]
  /** The same for the same schema, whatever its subject. */
  readonly digest: string
}

/** As Confluent's registry, whose store is a topic with messages of 1 MiB. */
const longestText = 2 ** 20

/** References of references of ... : no schema that people write is nested as deep. */
const deepestReference = 50

/** Throws a RegistryError where the schema or a reference of it cannot be understood. */
export async function understand(
  store: RegistryStore,
  { type, text, references = [] }: GivenSchema,
  normalize = false,
): Promise<UnderstoodSchema> {
  if (text.trim() === '') throw refusal.invalidSchema('Empty schema')
  if (text.length > longestText)
    throw refusal.schemaTooLarge(`The schema has ${text.length} characters, at most ${longestText} are taken`)
  const found = await Promise.all(references.map(reference => pinned(store, reference)))
  const resolved = await resolveReferences(store, found, 0)
  const format = await formatOf(type)
  const parsed = understood(type, () => format.parse(text, resolved))
  const kept = normalize ? understood(type, () => parsed.normalized()) : parsed.canonical
  const ordered = normalize ? found.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : found
  const digest = createHash('sha256')
    .update(JSON.stringify([type, kept, ordered.map(({ name, subject, version }) => [name, subject, version])]))
    .digest('hex')
  return { parsed, text: kept, references: ordered, digest }
}

/** A registered schema, parsed again. */
export async function parsedAgain(
  store: RegistryStore,
  { type, text, references = [] }: SchemaDocument,
): Promise<ParsedSchema> {
  const resolved = await resolveReferences(store, references, 0)
  const format = await formatOf(type)
  return format.parse(text, resolved)
}

/** A registered schema with all that it refers to. */
export async function writtenSchema(store: RegistryStore, document: SchemaDocument, depth = 0): Promise<WrittenSchema> {
  const { type, text, references = [] } = document
  if (references.length === 0) return { type, text }
  return { type, text, references: await resolveReferences(store, references, depth) }
}

async function resolveReferences(
  store: RegistryStore,
  references: readonly SchemaReference[],
  depth: number,
): Promise<readonly WrittenReference[]> {
  if (depth > deepestReference) throw refusal.invalidSchema(`References are nested more than ${deepestReference} deep`)
  return Promise.all(
    references.map(async reference => ({
      name: reference.name,
      schema: await writtenSchema(store, await referredTo(store, reference), depth + 1),
    })),
  )
}

async function referredTo(store: RegistryStore, { subject, version }: SchemaReference): Promise<SchemaDocument> {
  const entry = (await subjectOf(store, subject)).versions.find(each => each.version === version)
  if (entry === undefined) throw noReference(subject, version)
  return schemaOfVersion(store, entry.id)
}

/** Reads of one document after another may find a commit at the one, and not yet at the other: so often it is looked for again. */
const mostReads = 20

/** The schema of a version that was read before. */
export async function schemaOfVersion(store: RegistryStore, id: number): Promise<SchemaDocument> {
  for (let reads = 0; reads < mostReads; reads++) {
    const document = await read<SchemaDocument>(store, schemaKey(id))
    if (document !== undefined && document.uses.length > 0) return document
  }
  throw refusal.schemaNotFound(id)
}

async function pinned(store: RegistryStore, { name, subject, version }: SchemaReference): Promise<SchemaReference> {
  const present = (await subjectOf(store, subject)).versions.filter(({ deleted }) => !deleted)
  const entry = version === -1 ? present.at(-1) : present.find(each => each.version === version)
  if (entry === undefined) throw noReference(subject, version)
  return { name, subject, version: entry.version }
}

export const subjectOf = async (store: RegistryStore, subject: string): Promise<SubjectDocument> =>
  (await read<SubjectDocument>(store, subjectKey(subject))) ?? { versions: [] }

export async function read<T>(store: RegistryStore, key: Parameters<RegistryStore['get']>[0]): Promise<T | undefined> {
  const document = await store.get(key)
  return document === undefined ? undefined : JSON.parse(document.text)
}

const noReference = (subject: string, version: number) =>
  refusal.invalidSchema(`No schema reference found for subject "${subject}" and version ${version}`)

function understood<T>(type: SchemaType, understanding: () => T): T {
  try {
    return understanding()
  } catch (error) {
    if (error instanceof RegistryError) throw error
    throw refusal.invalidSchema(`Invalid schema of type ${type}, details: ${describeThrown(error)}`)
  }
}
