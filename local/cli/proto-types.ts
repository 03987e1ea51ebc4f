import {
  create,
  createFileRegistry,
  createRegistry,
  type DescFile,
  type DescMessage,
  type FileRegistry,
} from '@bufbuild/protobuf'
import * as google from '@bufbuild/protobuf/wkt'
import type { WrittenSchema } from '../../shared/codecs/framing/schema-source.ts'
import { parseProto } from '../../shared/registry/protobuf/proto-parser.ts'
import { ProtoTypes } from '../../shared/registry/protobuf/proto-types.ts'
import { descriptorOf, type ProtoSource, type ResolveType } from './proto-descriptor.ts'

/** What a .proto file and the files that it imports define. */
export type TypesOfProto = {
  /** All types, with those of Google's own files. */
  readonly registry: FileRegistry
  /** Those of the file itself that stand in no other message. */
  readonly messages: readonly DescMessage[]
}

/** Nobody imports the file itself: this is its name in messages. */
const ownName = 'schema.proto'

/** Makes types of a .proto file with those that it refers to. Throws an Error that says what is wrong. */
export function typesOfProto(schema: WrittenSchema): TypesOfProto {
  const sources = new Map<string, ProtoSource>()
  addSource(sources, ownName, schema)
  const types = new ProtoTypes()
  for (const { name, text } of sources.values()) types.add(parseProto(text), name)
  const resolve: ResolveType = (name, scope) => {
    const found = types.resolve(name, scope)
    return found === undefined ? googleType(name) : { fullName: found.fullName, kind: found.type.kind }
  }
  const own = [...sources.values()].map(source => descriptorOf(source, resolve))
  // Those that import come behind those that they import.
  const set = create(google.FileDescriptorSetSchema, { file: [...googleDescriptors, ...own] })
  const registry = createFileRegistry(set)
  return { registry, messages: registry.getFile(ownName)?.messages ?? [] }
}

/** Imports that are nowhere may be there for options alone: a type that is missing is told of where it is used. */
function addSource(sources: Map<string, ProtoSource>, name: string, { text, references = [] }: WrittenSchema): void {
  if (sources.has(name)) return
  const isKnown = (file: string): boolean => isOfGoogle(file) || references.some(reference => reference.name === file)
  for (const reference of references) {
    if (!isOfGoogle(reference.name)) addSource(sources, reference.name, reference.schema)
  }
  sources.set(name, { name, text, imports: parseProto(text).imports.filter(isKnown) })
}

/** The files that come with every compiler, by the names under which they are imported. */
const googleFiles = new Map(
  Object.values(google).flatMap((each): [string, DescFile][] =>
    typeof each === 'object' && 'kind' in each && each.kind === 'file' ? [[`${each.name}.proto`, each]] : [],
  ),
)

export const isOfGoogle = (file: string): boolean => googleFiles.has(file)

const googleDescriptors = ordered([...googleFiles.values()]).map(({ proto }) => proto)

function ordered(files: readonly DescFile[]): readonly DescFile[] {
  const done = new Set<DescFile>()
  const add = (file: DescFile): void => {
    file.dependencies.forEach(add)
    done.add(file)
  }
  files.forEach(add)
  return [...done]
}

const googleTypes = createRegistry(...googleFiles.values())

function googleType(name: string): ReturnType<ResolveType> {
  const fullName = name.replace(/^\./, '')
  if (googleTypes.getMessage(fullName) !== undefined) return { fullName, kind: 'message' }
  return googleTypes.getEnum(fullName) === undefined ? undefined : { fullName, kind: 'enum' }
}
