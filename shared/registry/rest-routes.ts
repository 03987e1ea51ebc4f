import { type CompatibilityLevel, compatibilityLevels, isCompatibilityLevel } from './compatibility.ts'
import { type Mode, modes, type SchemaDocument } from './documents.ts'
import type { SchemaRegistry, VersionName } from './registry.ts'
import { RegistryError, refusal } from './registry-error.ts'
import { givenIn, idOf, objectIn, registeredBody, schemaBody } from './rest-bodies.ts'
import { schemaTypes } from './schema-format.ts'

/** A request whose path was understood. */
export type Call = {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | undefined>>
  readonly body: unknown
}

export type Route = {
  readonly method: string
  readonly path: string
  /** The answer is text as it is, not JSON. */
  readonly isText?: true
  answer(registry: SchemaRegistry, call: Call): unknown
}

const is = ({ query }: Call, name: string): boolean => query[name]?.toLowerCase() === 'true'
const subject = ({ params }: Call): string => params.subject ?? ''

/** Before `offset` is left out, and what comes after `limit`; a negative limit is none. */
function page<T>(all: readonly T[], { query }: Call): readonly T[] {
  const offset = Math.max(0, numberIn(query.offset) ?? 0)
  const limit = numberIn(query.limit) ?? -1
  return all.slice(offset, limit < 0 ? undefined : offset + limit)
}

function numberIn(text: string | undefined): number | undefined {
  const number = Number(text)
  return text === undefined || text === '' || !Number.isSafeInteger(number) ? undefined : number
}

/** -1 is the newest version, as "latest" is. */
function version({ params }: Call): VersionName {
  const text = (params.version ?? '').trim()
  if (text.toLowerCase() === 'latest' || text === '-1') return 'latest'
  const number = Number(text)
  if (!/^\+?\d+$/.test(text) || number < 1 || number > 2 ** 31 - 1) throw refusal.invalidVersion(text)
  return number
}

function levelIn(body: unknown): CompatibilityLevel | undefined {
  const { compatibility } = objectIn(body)
  if (compatibility === undefined || compatibility === null) return undefined
  const level = typeof compatibility === 'string' ? compatibility.toUpperCase() : compatibility
  if (!isCompatibilityLevel(level)) throw refusal.invalidCompatibility(compatibilityLevels)
  return level
}

function modeIn(body: unknown): Mode {
  const { mode } = objectIn(body)
  const found = modes.find(each => typeof mode === 'string' && each === mode.toUpperCase())
  if (found === undefined) throw refusal.invalidMode(modes)
  return found
}

async function setConfig(registry: SchemaRegistry, call: Call, name?: string): Promise<object> {
  const compatibility = levelIn(call.body)
  const { normalize } = objectIn(call.body)
  await registry.settings.checkWritable(name)
  const given = { ...(compatibility && { compatibility }), ...(typeof normalize === 'boolean' && { normalize }) }
  await registry.settings.set(name, given)
  return given
}

async function configOf(registry: SchemaRegistry, call: Call): Promise<object> {
  const name = subject(call)
  const own = await registry.settings.own(name)
  if (own.compatibility === undefined && own.normalize === undefined && !is(call, 'defaultToGlobal')) {
    throw refusal.compatibilityNotConfigured(name)
  }
  return configBody(is(call, 'defaultToGlobal') ? await registry.settings.inForce(name) : own)
}

const configBody = ({
  compatibility,
  normalize,
}: {
  compatibility?: CompatibilityLevel
  normalize?: boolean
}): object => ({
  ...(normalize && { normalize }),
  ...(compatibility && { compatibilityLevel: compatibility }),
})

async function dropConfig(registry: SchemaRegistry, name?: string): Promise<object> {
  await registry.settings.checkWritable(name)
  const { compatibility, normalize } = await registry.settings.own(name)
  if (name !== undefined && compatibility === undefined && normalize === undefined) throw refusal.subjectNotFound(name)
  const before = name === undefined ? await registry.settings.inForce() : { ...(compatibility && { compatibility }) }
  await registry.settings.set(name, { compatibility: undefined, normalize: undefined })
  return configBody(before)
}

async function dropMode(registry: SchemaRegistry, name?: string): Promise<object> {
  const { mode } = await registry.settings.own(name)
  if (name !== undefined && mode === undefined) throw refusal.subjectNotFound(name)
  const before = mode ?? (await registry.settings.inForce()).mode
  await registry.settings.set(name, { mode: undefined })
  return { mode: before }
}

async function setMode(registry: SchemaRegistry, call: Call, name?: string): Promise<object> {
  const mode = modeIn(call.body)
  await registry.settings.setMode(name, mode, is(call, 'force'))
  return { mode }
}

async function checkCompatibility(registry: SchemaRegistry, call: Call, against?: VersionName): Promise<object> {
  const isVerbose = is(call, 'verbose')
  const problems = await registry
    .problemsOf(subject(call), givenIn(call.body), against, is(call, 'normalize'))
    .catch((error: unknown) => {
      // A schema that is none is a message too, where messages are asked for.
      if (isVerbose && error instanceof RegistryError && error.code === 42201) return [error.message]
      throw error
    })
  return { is_compatible: problems.length === 0, ...(isVerbose && { messages: problems }) }
}

const inFormat = async (
  registry: SchemaRegistry,
  { query }: Call,
  schema: SchemaDocument,
): Promise<SchemaDocument> => ({
  ...schema,
  text: await registry.textOf(schema, query.format),
})

/** Confluent's paths, see "Schema Registry API Reference" in Confluent's documentation. */
export const routes: readonly Route[] = [
  { method: 'GET', path: '/', answer: () => ({}) },
  { method: 'GET', path: '/contexts', answer: () => ['.'] },
  {
    method: 'GET',
    path: '/subjects',
    answer: async (registry, call) =>
      page(
        await registry.subjects({
          prefix: prefixIn(call),
          deleted: is(call, 'deleted'),
          deletedOnly: is(call, 'deletedOnly'),
        }),
        call,
      ),
  },
  {
    method: 'POST',
    path: '/subjects/:subject',
    answer: async (registry, call) => {
      const options = { deleted: is(call, 'deleted'), normalize: is(call, 'normalize') }
      return registeredBody(await registry.lookup(subject(call), givenIn(call.body), options))
    },
  },
  {
    method: 'DELETE',
    path: '/subjects/:subject',
    answer: (registry, call) => registry.deleteSubject(subject(call), is(call, 'permanent')),
  },
  {
    method: 'GET',
    path: '/subjects/:subject/versions',
    answer: async (registry, call) => {
      const options = { deleted: is(call, 'deleted'), deletedOnly: is(call, 'deletedOnly') }
      return page(await registry.versions(subject(call), options), call)
    },
  },
  {
    method: 'POST',
    path: '/subjects/:subject/versions',
    answer: async (registry, call) => {
      const { id, version } = objectIn(call.body)
      const { id: given } = await registry.register(subject(call), givenIn(call.body), {
        ...(is(call, 'normalize') && { normalize: true }),
        ...(typeof id === 'number' && id >= 0 && { id }),
        ...(typeof version === 'number' && version >= 1 && { version }),
      })
      return { id: given }
    },
  },
  {
    method: 'GET',
    path: '/subjects/:subject/versions/:version',
    answer: async (registry, call) => {
      const found = await registry.version(subject(call), version(call), { deleted: is(call, 'deleted') })
      return registeredBody({ ...found, schema: await inFormat(registry, call, found.schema) })
    },
  },
  {
    method: 'GET',
    path: '/subjects/:subject/versions/:version/schema',
    isText: true,
    answer: async (registry, call) =>
      (await registry.version(subject(call), version(call), { deleted: is(call, 'deleted') })).schema.text,
  },
  {
    method: 'GET',
    path: '/subjects/:subject/versions/:version/referencedby',
    answer: (registry, call) => registry.referencedBy(subject(call), version(call)),
  },
  {
    method: 'DELETE',
    path: '/subjects/:subject/versions/:version',
    answer: (registry, call) => registry.deleteVersion(subject(call), version(call), is(call, 'permanent')),
  },
  {
    method: 'GET',
    path: '/schemas',
    answer: async (registry, call) => {
      const options = { prefix: prefixIn(call), deleted: is(call, 'deleted'), latestOnly: is(call, 'latestOnly') }
      return page((await registry.all(options)).map(registeredBody), call)
    },
  },
  { method: 'GET', path: '/schemas/types', answer: () => schemaTypes },
  {
    method: 'GET',
    path: '/schemas/ids/:id',
    answer: async (registry, call) => schemaBody(await inFormat(registry, call, await registry.schema(idOf(call)))),
  },
  {
    method: 'GET',
    path: '/schemas/ids/:id/schema',
    isText: true,
    answer: async (registry, call) => (await registry.schema(idOf(call))).text,
  },
  {
    method: 'GET',
    path: '/schemas/ids/:id/subjects',
    answer: async (registry, call) => {
      const uses = await registry.uses(idOf(call), { deleted: is(call, 'deleted') })
      return page([...new Set(uses.map(use => use.subject))], call)
    },
  },
  {
    method: 'GET',
    path: '/schemas/ids/:id/versions',
    answer: async (registry, call) => page(await registry.uses(idOf(call), { deleted: is(call, 'deleted') }), call),
  },
  { method: 'GET', path: '/config', answer: async registry => configBody(await registry.settings.inForce()) },
  { method: 'PUT', path: '/config', answer: (registry, call) => setConfig(registry, call) },
  { method: 'DELETE', path: '/config', answer: registry => dropConfig(registry) },
  { method: 'GET', path: '/config/:subject', answer: configOf },
  { method: 'PUT', path: '/config/:subject', answer: (registry, call) => setConfig(registry, call, subject(call)) },
  { method: 'DELETE', path: '/config/:subject', answer: (registry, call) => dropConfig(registry, subject(call)) },
  { method: 'GET', path: '/mode', answer: async registry => ({ mode: (await registry.settings.inForce()).mode }) },
  { method: 'PUT', path: '/mode', answer: (registry, call) => setMode(registry, call) },
  { method: 'DELETE', path: '/mode', answer: registry => dropMode(registry) },
  {
    method: 'GET',
    path: '/mode/:subject',
    answer: async (registry, call) => {
      if (is(call, 'defaultToGlobal')) return { mode: (await registry.settings.inForce(subject(call))).mode }
      const { mode } = await registry.settings.own(subject(call))
      if (mode === undefined) throw refusal.modeNotConfigured(subject(call))
      return { mode }
    },
  },
  { method: 'PUT', path: '/mode/:subject', answer: (registry, call) => setMode(registry, call, subject(call)) },
  { method: 'DELETE', path: '/mode/:subject', answer: (registry, call) => dropMode(registry, subject(call)) },
  {
    method: 'POST',
    path: '/compatibility/subjects/:subject/versions',
    answer: (registry, call) => checkCompatibility(registry, call),
  },
  {
    method: 'POST',
    path: '/compatibility/subjects/:subject/versions/:version',
    answer: (registry, call) => checkCompatibility(registry, call, version(call)),
  },
]

/** Clients ask for the default context's subjects by `:.:` or for those of all contexts by `:*:`. */
const prefixIn = ({ query }: Call): string => (query.subjectPrefix ?? '').replace(/^:(\.|\*):/, '')
