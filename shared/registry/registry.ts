import type { RegistryStore } from '../ports/registry-store.ts'
import { type Change, changed } from './change.ts'
import { incompatibilities } from './compatibility.ts'
import { deleteSubject, deleteVersion } from './deletion.ts'
import {
  type IdDocument,
  idKey,
  noVersions,
  type SchemaDocument,
  type SubjectDocument,
  schemaKey,
  subjectKey,
  type Use,
  type VersionEntry,
} from './documents.ts'
import {
  type GivenSchema,
  parsedAgain,
  read,
  schemaOfVersion,
  subjectOf,
  type UnderstoodSchema,
  understand,
} from './given-schema.ts'
import { refusal } from './registry-error.ts'
import { RegistrySettings } from './settings.ts'

/** A version of a subject, with its schema. */
export type RegisteredVersion = Use & { readonly schema: SchemaDocument; readonly deleted: boolean }

export type RegisterOptions = {
  readonly normalize?: boolean
  /** Of a schema that is imported: mode IMPORT alone takes them. */
  readonly id?: number
  readonly version?: number
}

/** A version as requests name it. */
export type VersionName = number | 'latest'

const idCounter = 'schema-ids'

/**
 * The schema registry: subjects with versions of schemas, each schema under one id wherever it is registered. All its state is the
 * store's, so that any number of registries may run on one store: each change is decided upon what is there, and made only while that
 * still stands. Refusals are RegistryErrors.
 *
 * Semantics are those of Confluent's Schema Registry, see docs/registry.md for what differs.
 */
export class SchemaRegistry {
  readonly settings: RegistrySettings
  readonly #store: RegistryStore

  constructor(store: RegistryStore) {
    this.#store = store
    this.settings = new RegistrySettings(store)
  }

  /**
   * Makes the schema the subject's next version, unless it is one already, and gives its id. Called again, also after a crash, it gives the
   * same id: a crash leaves nothing behind but a number that no schema gets.
   */
  async register(subject: string, given: GivenSchema, options: RegisterOptions = {}): Promise<Use> {
    checkSubject(subject)
    let taken: number | undefined
    const takeId = async (): Promise<number> => {
      taken ??= await this.#store.increment(idCounter)
      // Imported meanwhile: the counter goes on from there.
      while ((await read(this.#store, schemaKey(taken))) !== undefined) taken = await this.#store.increment(idCounter)
      return taken
    }
    return changed(this.#store, 'Register operation', async change => {
      const settings = await this.settings.inForce(subject)
      if (settings.mode !== (options.id === undefined ? 'READWRITE' : 'IMPORT')) {
        const needed =
          options.id === undefined && !settings.mode.startsWith('READONLY') ? 'not in read-write mode' : undefined
        const state = settings.mode.startsWith('READONLY') ? 'in read-only mode' : 'not in import mode'
        throw refusal.notPermitted(`Subject ${subject} is ${needed ?? state}`)
      }
      const schema = await understand(this.#store, given, options.normalize ?? settings.normalize)
      const document = (await change.read<SubjectDocument>(subjectKey(subject))) ?? noVersions
      const present = document.versions.filter(({ deleted }) => !deleted)
      const known = await change.read<IdDocument>(idKey(schema.digest))
      const same = present.find(({ id }) => id === known?.id)
      if (same !== undefined && (options.id ?? same.id) === same.id)
        return { subject, version: same.version, id: same.id }
      if (options.id === undefined) {
        const earlier = await this.#parsedVersions(present)
        const problems = incompatibilities(settings.compatibility, schema.parsed, earlier)
        if (problems.length > 0) throw refusal.incompatible(subject, problems)
      }
      const id = options.id ?? known?.id ?? (await takeId())
      if (options.id !== undefined) await this.#store.raise(idCounter, options.id)
      const version = options.version ?? (document.versions.at(-1)?.version ?? 0) + 1
      const use = { subject, version, id }
      await this.#add(change, use, schema, known)
      return use
    })
  }

  /** The subject's version that has this schema. Undefined where none has; refused where there is no such subject. */
  async lookup(
    subject: string,
    given: GivenSchema,
    { deleted = false, normalize = false } = {},
  ): Promise<RegisteredVersion> {
    const versions = await this.#versionsOf(subject, deleted)
    const settings = await this.settings.inForce(subject)
    const { digest } = await understand(this.#store, given, normalize || settings.normalize)
    const known = await read<IdDocument>(this.#store, idKey(digest))
    const same = versions.findLast(({ id }) => id === known?.id)
    if (same === undefined) throw refusal.schemaNotFound()
    return this.#registered(subject, same)
  }

  /** Messages that say what is wrong; none where the schema could be registered next. Without a version all those that the level asks for. */
  async problemsOf(
    subject: string,
    given: GivenSchema,
    version?: VersionName,
    normalize = false,
  ): Promise<readonly string[]> {
    const { versions } = await subjectOf(this.#store, subject)
    const present = versions.filter(({ deleted }) => !deleted)
    const chosen = typeof version === 'number' ? present.filter(each => each.version === version) : present
    if (typeof version === 'number' && chosen.length === 0) {
      throw versions.length === 0 ? refusal.subjectNotFound(subject) : refusal.versionNotFound(version)
    }
    const settings = await this.settings.inForce(subject)
    const { parsed } = await understand(this.#store, given, normalize || settings.normalize)
    const among = version === 'latest' ? chosen.slice(-1) : chosen
    return incompatibilities(settings.compatibility, parsed, await this.#parsedVersions(among))
  }

  /** Names in order. */
  async subjects({ prefix = '', deleted = false, deletedOnly = false } = {}): Promise<readonly string[]> {
    return (await this.#store.list('subjects', prefix)).flatMap(({ name, text }) => {
      const { versions }: SubjectDocument = JSON.parse(text)
      const isPresent = versions.some(version => !version.deleted)
      if (versions.length === 0) return []
      return (deletedOnly ? !isPresent : deleted || isPresent) ? [name] : []
    })
  }

  async versions(subject: string, { deleted = false, deletedOnly = false } = {}): Promise<readonly number[]> {
    const versions = await this.#versionsOf(subject, deleted || deletedOnly)
    return versions.filter(version => !deletedOnly || version.deleted).map(({ version }) => version)
  }

  async version(subject: string, version: VersionName, { deleted = false } = {}): Promise<RegisteredVersion> {
    const versions = await this.#versionsOf(subject, deleted)
    const found = version === 'latest' ? versions.at(-1) : versions.find(each => each.version === version)
    if (found === undefined) throw refusal.versionNotFound(version)
    return this.#registered(subject, found)
  }

  /** Ids of the schemas, not deleted, that refer to a version. */
  async referencedBy(subject: string, version: VersionName): Promise<readonly number[]> {
    const found = await this.version(subject, version, { deleted: true })
    const { versions } = await subjectOf(this.#store, subject)
    const uses = versions.find(each => each.version === found.version)?.referencedBy ?? []
    return [...new Set(uses.map(({ id }) => id))].sort((a, b) => a - b)
  }

  /** A schema that some subject has, deleted softly or not. */
  async schema(id: number): Promise<SchemaDocument> {
    const document = await read<SchemaDocument>(this.#store, schemaKey(id))
    if (document === undefined || document.uses.length === 0) throw refusal.schemaNotFound(id)
    return document
  }

  /** A schema's text in the form that is asked for: `serialized` is a descriptor in base64, of Protobuf alone; others are the text itself. */
  async textOf(document: SchemaDocument, format: string | undefined): Promise<string> {
    if (format !== 'serialized' || document.type !== 'PROTOBUF') return document.text
    return (await parsedAgain(this.#store, document)).serialized?.() ?? document.text
  }

  /** Where the schema of an id is registered. */
  async uses(
    id: number,
    { deleted = false } = {},
  ): Promise<readonly { readonly subject: string; readonly version: number }[]> {
    const { uses } = await this.schema(id)
    const found = await Promise.all(
      uses.map(async use => {
        const { versions } = await subjectOf(this.#store, use.subject)
        const entry = versions.find(each => each.version === use.version)
        return entry !== undefined && (deleted || !entry.deleted)
          ? [{ subject: use.subject, version: use.version }]
          : []
      }),
    )
    return found
      .flat()
      .sort((a, b) => (a.subject === b.subject ? a.version - b.version : a.subject < b.subject ? -1 : 1))
  }

  /** All versions of all subjects. */
  async all({ prefix = '', deleted = false, latestOnly = false } = {}): Promise<readonly RegisteredVersion[]> {
    const documents = await this.#store.list('subjects', prefix)
    const found = documents.flatMap(({ name, text }) => {
      const { versions }: SubjectDocument = JSON.parse(text)
      const kept = versions.filter(version => deleted || !version.deleted)
      return (latestOnly ? kept.slice(-1) : kept).map(entry => ({ name, entry }))
    })
    return Promise.all(found.map(({ name, entry }) => this.#registered(name, entry)))
  }

  /** Deletes a version: softly, so that its id can still be read, or for good when it was deleted softly before. Gives its number. */
  async deleteVersion(subject: string, version: VersionName, permanent = false): Promise<number> {
    await this.settings.checkWritable(subject)
    return changed(this.#store, 'Delete Schema Version operation', change =>
      deleteVersion(change, subject, version, permanent),
    )
  }

  /** Deletes all versions, as `deleteVersion` does, and the subject's own settings. Gives their numbers. */
  async deleteSubject(subject: string, permanent = false): Promise<readonly number[]> {
    await this.settings.checkWritable(subject)
    return changed(this.#store, 'Delete subject operation', change => deleteSubject(change, subject, permanent))
  }

  async #add(change: Change, use: Use, schema: UnderstoodSchema, known: IdDocument | undefined): Promise<void> {
    const { subject, version, id } = use
    const held = await change.read<SchemaDocument>(schemaKey(id))
    if (held !== undefined && known?.id !== id) {
      throw refusal.notPermitted(`Overwrite new schema with id ${id} is not permitted.`)
    }
    const { type } = schema.parsed
    const { text, references } = schema
    const uses = [
      ...(held?.uses ?? []).filter(each => each.subject !== subject || each.version !== version),
      { subject, version },
    ]
    change.write(schemaKey(id), {
      type,
      text,
      ...(references.length > 0 && { references }),
      uses,
    } satisfies SchemaDocument)
    if (known?.id !== id) change.write(idKey(schema.digest), { id } satisfies IdDocument)
    for (const reference of references) {
      const document = (await change.read<SubjectDocument>(subjectKey(reference.subject))) ?? noVersions
      const versions = document.versions.map(each =>
        each.version === reference.version ? { ...each, referencedBy: [...(each.referencedBy ?? []), use] } : each,
      )
      if (!document.versions.some(each => each.version === reference.version && !each.deleted)) {
        throw refusal.invalidSchema(
          `No schema reference found for subject "${reference.subject}" and version ${reference.version}`,
        )
      }
      change.write(subjectKey(reference.subject), { ...document, versions } satisfies SubjectDocument)
    }
    const document = (await change.read<SubjectDocument>(subjectKey(subject))) ?? noVersions
    if (document.versions.some(each => each.version === version && !each.deleted)) {
      throw refusal.notPermitted(`Overwrite version ${version} of subject ${subject} is not permitted.`)
    }
    const others = document.versions.filter(each => each.version !== version)
    const versions = [...others, { version, id }].sort((a, b) => a.version - b.version)
    change.write(subjectKey(subject), { ...document, versions } satisfies SubjectDocument)
  }

  #parsedVersions(entries: readonly VersionEntry[]) {
    return Promise.all(
      entries.map(async ({ version, id }) => ({
        version,
        schema: await parsedAgain(this.#store, await schemaOfVersion(this.#store, id)),
      })),
    )
  }

  async #versionsOf(subject: string, deleted: boolean): Promise<readonly VersionEntry[]> {
    const { versions } = await subjectOf(this.#store, subject)
    const found = versions.filter(version => deleted || !version.deleted)
    if (found.length === 0) throw refusal.subjectNotFound(subject)
    return found
  }

  async #registered(subject: string, { version, id, deleted }: VersionEntry): Promise<RegisteredVersion> {
    return { subject, version, id, deleted: deleted === true, schema: await schemaOfVersion(this.#store, id) }
  }
}

/** Names that Confluent keeps for itself, control characters, and contexts other than the default one are no subjects. */
function checkSubject(subject: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (subject === '' || /[\u0000-\u001f\u007f]|^__(GLOBAL|EMPTY)$|^:/.test(subject))
    throw refusal.invalidSubject(subject)
}
