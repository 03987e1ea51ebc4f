import type { Change } from './change.ts'
import {
  noVersions,
  type SchemaDocument,
  type SchemaReference,
  type SubjectDocument,
  schemaKey,
  subjectKey,
  type Use,
  type VersionEntry,
} from './documents.ts'
import { refusal } from './registry-error.ts'

/** Deletes a version within a change. */
export async function deleteVersion(
  change: Change,
  subject: string,
  version: number | 'latest',
  permanent: boolean,
): Promise<number> {
  const { versions } = await documentOf(change, subject)
  const candidates = permanent ? versions : versions.filter(({ deleted }) => !deleted)
  const entry = version === 'latest' ? candidates.at(-1) : versions.find(each => each.version === version)
  if (versions.length === 0) throw refusal.subjectNotFound(subject)
  if (entry === undefined) throw refusal.versionNotFound(version)
  if (permanent && !entry.deleted) throw refusal.versionNotSoftDeleted(subject, entry.version)
  if (!permanent && entry.deleted) throw refusal.versionSoftDeleted(subject, entry.version)
  await remove(change, subject, entry, permanent)
  return entry.version
}

/** Deletes all versions within a change, and the subject's settings with them. */
export async function deleteSubject(change: Change, subject: string, permanent: boolean): Promise<readonly number[]> {
  const { versions } = await documentOf(change, subject)
  const present = versions.filter(({ deleted }) => !deleted)
  if (versions.length === 0) throw refusal.subjectNotFound(subject)
  if (permanent && present.length > 0) throw refusal.subjectNotSoftDeleted(subject)
  if (!permanent && present.length === 0) throw refusal.subjectSoftDeleted(subject)
  const going = permanent ? versions : present
  // The newest first: they may refer to the older ones.
  for (const { version } of going.toReversed()) {
    const entry = (await documentOf(change, subject)).versions.find(each => each.version === version)
    if (entry !== undefined) await remove(change, subject, entry, permanent)
  }
  const { settings, ...document } = await documentOf(change, subject)
  if (settings !== undefined) change.write(subjectKey(subject), document)
  return going.map(({ version }) => version)
}

async function remove(change: Change, subject: string, entry: VersionEntry, permanent: boolean): Promise<void> {
  const { version, id, referencedBy = [] } = entry
  if (referencedBy.length > 0) throw refusal.referenceExists(subject, version)
  const schema = await change.read<SchemaDocument>(schemaKey(id))
  if (!permanent) await dropReferences(change, { subject, version, id }, schema?.references ?? [])
  if (permanent && schema !== undefined) {
    const uses = schema.uses.filter(use => use.subject !== subject || use.version !== version)
    change.write(schemaKey(id), uses.length > 0 ? { ...schema, uses } : { type: schema.type, text: '', uses })
  }
  const document = await documentOf(change, subject)
  const versions = permanent
    ? document.versions.filter(each => each.version !== version)
    : document.versions.map((each): VersionEntry => (each.version === version ? { version, id, deleted: true } : each))
  change.write(subjectKey(subject), { ...document, versions } satisfies SubjectDocument)
}

async function dropReferences(change: Change, use: Use, references: readonly SchemaReference[]): Promise<void> {
  for (const { subject, version } of references) {
    const document = await documentOf(change, subject)
    const versions = document.versions.map(each => (each.version === version ? withoutUse(each, use) : each))
    change.write(subjectKey(subject), { ...document, versions } satisfies SubjectDocument)
  }
}

function withoutUse({ referencedBy = [], ...entry }: VersionEntry, use: Use): VersionEntry {
  const left = referencedBy.filter(each => each.subject !== use.subject || each.version !== use.version)
  return left.length === 0 ? entry : { ...entry, referencedBy: left }
}

const documentOf = async (change: Change, subject: string): Promise<SubjectDocument> =>
  (await change.read<SubjectDocument>(subjectKey(subject))) ?? noVersions
