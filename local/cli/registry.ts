import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { Command } from 'commander'
import { describeThrown } from '../../shared/model/errors.ts'
import { compatibilityLevels, isCompatibilityLevel } from '../../shared/registry/compatibility.ts'
import type { SchemaReference } from '../../shared/registry/documents.ts'
import { RegistryCalls } from '../../shared/registry/registry-calls.ts'
import { type SchemaType, schemaTypes } from '../../shared/registry/schema-format.ts'
import { alignedColumns } from './aligned-columns.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { wholeNumber } from './numbers.ts'
import { collected, numberIn, once } from './once.ts'
import { addRegistryServe } from './registry-serve.ts'

type ReachOptions = { readonly url: string; readonly json?: true }
type SchemaOptions = ReachOptions & {
  readonly type?: string
  readonly reference: readonly string[]
  readonly normalize?: true
}
type ShowOptions = ReachOptions & { readonly id?: string }
type Described = {
  readonly subject: string
  readonly version: number
  readonly id: number
  readonly schemaType?: SchemaType
  readonly schema: string
}

/** `millrace registry`: serves a schema registry, and works with any that has Confluent's REST interface. */
export const addRegistry: AddCommand = (program, terminal) => {
  const registry = program
    .command('registry')
    .description('serve a schema registry, and register, show and check schemas')
  addRegistryServe(registry, terminal)
  reach(registry.command('list'))
    .description('all subjects, with their newest versions')
    .action((options: ReachOptions) => list(options, terminal))
  reach(registry.command('show [subject] [version]'))
    .description('the schema of a subject, its newest version or another one, or of an id')
    .option('--id <number>', 'the schema with this id', once('--id'))
    .action((subject: string | undefined, version: string | undefined, options: ShowOptions) =>
      show(subject, version, options, terminal),
    )
  schemaOptions(reach(registry.command('register <subject> <file>')))
    .description('make a schema the next version of a subject, and print its id')
    .action((subject: string, file: string, options: SchemaOptions) => register(subject, file, options, terminal))
  schemaOptions(reach(registry.command('check <subject> <file>')))
    .description('whether a schema gets along with the versions that a subject has')
    .action((subject: string, file: string, options: SchemaOptions) => check(subject, file, options, terminal))
  reach(registry.command('config [subject] [level]'))
    .description('print or set what new versions have to get along with, of a subject or, without one, of all')
    .action((subject: string | undefined, level: string | undefined, options: ReachOptions) =>
      config(subject, level, options, terminal),
    )
}

const reach = (command: Command): Command =>
  command
    .option(
      '--url <address>',
      'where the registry is, with "user:password@" where it asks for them',
      'http://127.0.0.1:8081',
    )
    .option('--json', 'print one JSON document')

const schemaOptions = (command: Command): Command =>
  command
    .option('--type <type>', 'AVRO, JSON or PROTOBUF (default: by the ending of the file)', once('--type'))
    .option('--reference <name=subject@version>', 'a schema that this one refers to (repeatable)', collected, [])
    .option('--normalize', 'let schemas that differ in the order of what has none be the same')

async function list(options: ReachOptions, terminal: Terminal): Promise<void> {
  const found = (await callsOf(options).find<readonly Described[]>('list schemas', '/schemas?latestOnly=true')) ?? []
  const schemas = found.map(({ subject, version, id, schemaType = 'AVRO' }) => ({
    subject,
    version,
    id,
    type: schemaType,
  }))
  if (options.json) return print(terminal, { schemas })
  const columns = [
    { title: 'subject' },
    { title: 'type' },
    { title: 'version', align: 'right' as const },
    { title: 'id', align: 'right' as const },
  ]
  const rows = schemas.map(({ subject, type, version, id }) => [subject, type, wholeNumber(version), String(id)])
  terminal.out(alignedColumns(columns, rows))
}

async function show(
  subject: string | undefined,
  version = 'latest',
  options: ShowOptions,
  terminal: Terminal,
): Promise<void> {
  if ((subject === undefined) === (options.id === undefined)) {
    throw new UsageError('Cannot show a schema: it has to be named once, give a subject or --id')
  }
  const id = options.id === undefined ? undefined : numberIn('--id', options.id, 0, 2 ** 31 - 1)
  const what = subject === undefined ? `schema ${id}` : `version ${version} of subject "${subject}"`
  const path =
    subject === undefined
      ? `/schemas/ids/${id}`
      : `/subjects/${encodeURIComponent(subject)}/versions/${encodeURIComponent(version)}`
  const found = await callsOf(options).find<Described>(`show ${what}`, path)
  if (found === undefined) {
    throw new UsageError(`Cannot show ${what}: it is not in the registry, see millrace registry list`)
  }
  if (options.json) return print(terminal, found)
  terminal.out(`${readable(found).trimEnd()}\n`)
}

async function register(subject: string, file: string, options: SchemaOptions, terminal: Terminal): Promise<void> {
  const query = options.normalize ? '?normalize=true' : ''
  const path = `/subjects/${encodeURIComponent(subject)}/versions${query}`
  const doing = `register "${file}" under subject "${subject}"`
  const { id } = (await callsOf(options).post<{ readonly id: number }>(doing, path, bodyOf(file, options))) ?? {
    id: -1,
  }
  if (options.json) return print(terminal, { subject, id })
  terminal.out(`Registered "${file}" under subject "${subject}": its id is ${id}\n`)
}

/** Ends with status 1 where it does not get along, so that a build can ask. */
async function check(subject: string, file: string, options: SchemaOptions, terminal: Terminal): Promise<void> {
  const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions?verbose=true`
  const doing = `check "${file}" against subject "${subject}"`
  type Answer = { readonly is_compatible: boolean; readonly messages?: readonly string[] }
  const answer = await callsOf(options).post<Answer>(doing, path, bodyOf(file, options))
  const { is_compatible: isCompatible = false, messages = [] } = answer ?? {}
  if (options.json) print(terminal, { subject, compatible: isCompatible, messages })
  if (!isCompatible) {
    throw new Error(`Cannot make "${file}" the next version of subject "${subject}": ${messages.join('; ')}`)
  }
  if (!options.json) terminal.out(`"${file}" gets along with what subject "${subject}" has\n`)
}

async function config(
  first: string | undefined,
  second: string | undefined,
  options: ReachOptions,
  terminal: Terminal,
): Promise<void> {
  const isForAll = second === undefined && isCompatibilityLevel(first?.toUpperCase())
  const [subject, level] = isForAll ? [undefined, first] : [first, second]
  const whose = subject === undefined ? 'all subjects' : `subject "${subject}"`
  const path = subject === undefined ? '/config' : `/config/${encodeURIComponent(subject)}`
  const calls = callsOf(options)
  if (level === undefined) {
    type Answer = { readonly compatibilityLevel: string }
    const found = await calls.find<Answer>(`read the configuration of ${whose}`, `${path}?defaultToGlobal=true`)
    const compatibility = found?.compatibilityLevel ?? ''
    if (options.json) return print(terminal, { ...(subject && { subject }), compatibility })
    return terminal.out(`${compatibility}\n`)
  }
  const compatibility = level.toUpperCase()
  if (!isCompatibilityLevel(compatibility)) {
    throw new UsageError(
      `Cannot configure ${whose}: there is no level "${level}", expected one of ${compatibilityLevels.join(', ')}`,
    )
  }
  await calls.put(`configure ${whose}`, path, { compatibility })
  if (options.json) return print(terminal, { ...(subject && { subject }), compatibility })
  terminal.out(`New versions of ${whose} have to be ${compatibility}\n`)
}

const callsOf = ({ url }: ReachOptions): RegistryCalls => new RegistryCalls(url, undefined, undefined)

const print = (terminal: Terminal, value: object): void => terminal.out(`${JSON.stringify(value, undefined, 2)}\n`)

function bodyOf(file: string, { type, reference }: SchemaOptions): object {
  const references = reference.map(referenceOf)
  return { schema: contentOf(file), schemaType: typeOf(file, type), ...(references.length > 0 && { references }) }
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`Cannot read schema "${file}": ${describeThrown(error)}`)
  }
}

const typesByEnding: Readonly<Record<string, SchemaType>> = { '.avsc': 'AVRO', '.json': 'JSON', '.proto': 'PROTOBUF' }

function typeOf(file: string, given: string | undefined): SchemaType {
  const type =
    given === undefined ? typesByEnding[extname(file)] : schemaTypes.find(each => each === given.toUpperCase())
  if (type !== undefined) return type
  const expected = `expected one of ${schemaTypes.join(', ')}`
  if (given !== undefined) throw new UsageError(`Cannot read --type "${given}": ${expected}`)
  throw new UsageError(`Cannot tell the type of schema "${file}" by its ending: ${expected} as --type`)
}

function referenceOf(text: string): SchemaReference {
  const [, name, subject, version] = /^([^=]+)=(.+)@(\d{1,10}|latest)$/.exec(text) ?? []
  if (name === undefined || subject === undefined || version === undefined) {
    throw new UsageError(`Cannot read --reference "${text}": expected one as "Money=money-value@1"`)
  }
  return { name, subject, version: version === 'latest' ? -1 : Number(version) }
}

/** JSON over several lines; a .proto file as it is. */
function readable({ schema, schemaType }: Described): string {
  if (schemaType === 'PROTOBUF') return schema
  return JSON.stringify(JSON.parse(schema), undefined, 2)
}
