import type { RegistryKey } from '../ports/registry-store.ts'
import type { CompatibilityLevel } from './compatibility.ts'
import type { SchemaType } from './schema-format.ts'

/** A schema that another one names, by where it is registered. */
export type SchemaReference = { readonly name: string; readonly subject: string; readonly version: number }

/** What is set for all subjects or for one. */
export type Settings = {
  readonly compatibility?: CompatibilityLevel
  readonly normalize?: boolean
  readonly mode?: Mode
}

export const modes = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT'] as const
export type Mode = (typeof modes)[number]

/** A subject, its versions in ascending order. One without versions is not there, and keeps its document's place. */
export type SubjectDocument = { readonly versions: readonly VersionEntry[]; readonly settings?: Settings }

export type VersionEntry = {
  readonly version: number
  readonly id: number
  readonly deleted?: true
  /** The versions, not deleted, whose schemas refer to this one. */
  readonly referencedBy?: readonly Use[]
}

/** A version of a subject, and its schema's id. */
export type Use = { readonly subject: string; readonly version: number; readonly id: number }

/** A schema by its id. One without uses was deleted for good; it keeps its id. */
export type SchemaDocument = {
  readonly type: SchemaType
  readonly text: string
  readonly references?: readonly SchemaReference[]
  readonly uses: readonly { readonly subject: string; readonly version: number }[]
}

/** The id that a schema has or had, by its digest: the same schema gets the same id for good. */
export type IdDocument = { readonly id: number }

export const subjectKey = (subject: string): RegistryKey => ({ part: 'subjects', name: subject })
export const schemaKey = (id: number): RegistryKey => ({ part: 'schemas', name: String(id).padStart(10, '0') })
export const idKey = (digest: string): RegistryKey => ({ part: 'ids', name: digest })
export const globalSettingsKey: RegistryKey = { part: 'settings', name: 'global' }

export const noVersions: SubjectDocument = { versions: [] }
