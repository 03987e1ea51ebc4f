import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { DescMessage, FileRegistry } from '@bufbuild/protobuf'
import { found, oneLine } from '../../shared/codecs/found.ts'
import type { WrittenReference, WrittenSchema } from '../../shared/codecs/framing/schema-source.ts'
import { describeThrown } from '../../shared/model/errors.ts'
import { parseProto } from '../../shared/registry/protobuf/proto-parser.ts'
import { UsageError } from './command-line.ts'
import { isOfGoogle, typesOfProto } from './proto-types.ts'
import { schemaText } from './schema-options.ts'

/** A message that a .proto file defines, and what defines it. */
export type ProtoMessage = {
  readonly message: DescMessage
  /** All types that the message may hold. */
  readonly types: FileRegistry
  /** The file with all that it imports, but those of Google's own files that come with every compiler. */
  readonly schema: WrittenSchema
}

/** The message of this name, with or without its package, or the only one of the file. Throws a sentence when there is none. */
export async function messageOfFile(file: string, name: string | undefined): Promise<ProtoMessage> {
  const schema = await schemaOfFile(file)
  const { registry: types, messages } = understood(file, () => typesOfProto(schema))
  if (name === undefined && messages.length === 1) return { message: messages[0], types, schema }
  const all = withNested(messages)
  const message = all.find(
    ({ typeName, file: { proto } }) => typeName === name || typeName === `${proto.package}.${name}`,
  )
  if (message !== undefined) return { message, types, schema }
  const names = oneLine((name === undefined ? messages : all).map(({ typeName }) => typeName).join(', '))
  if (messages.length === 0)
    throw new UsageError(`Cannot use the schema of file "${file}": it defines no message, expected one`)
  if (name === undefined) {
    throw new UsageError(
      `Cannot use the schema of file "${file}": it defines ${messages.length} messages, add --message with one of ${names}`,
    )
  }
  throw new UsageError(`Cannot use --message "${name}": file "${file}" does not define it, expected one of ${names}`)
}

const withNested = (messages: readonly DescMessage[]): readonly DescMessage[] =>
  messages.flatMap(message => [message, ...withNested(message.nestedMessages)])

/** The file with those that it imports. */
async function schemaOfFile(file: string): Promise<WrittenSchema> {
  const folders = foldersAbove(resolve(file))
  const known = new Map<string, WrittenSchema>()
  const read = async (text: string, importers: readonly string[]): Promise<WrittenSchema> => {
    const { imports } = understood(importers.at(-1) ?? file, () => parseProto(text))
    const references: WrittenReference[] = []
    for (const name of imports.filter(each => !isOfGoogle(each))) {
      if (importers.includes(name)) {
        throw new UsageError(
          `Cannot use the schema of file "${file}": ${found(name)} imports itself, expected it not to`,
        )
      }
      const schema = known.get(name) ?? (await read(await importedText(name), [...importers, name]))
      known.set(name, schema)
      references.push({ name, schema })
    }
    return { type: 'PROTOBUF', text, ...(references.length > 0 && { references }) }
  }
  const importedText = async (name: string): Promise<string> => {
    for (const folder of folders) {
      const text = await readFile(join(folder, name), 'utf8').catch(() => undefined)
      if (text !== undefined) return text
    }
    throw new UsageError(
      `Cannot use the schema of file "${file}": there is no ${found(name)} to import, expected it in its folder or one above it`,
    )
  }
  return read(await schemaText(file), [])
}

function foldersAbove(path: string): readonly string[] {
  const folder = dirname(path)
  return folder === path ? [] : [folder, ...foldersAbove(folder)]
}

function understood<T>(file: string, understand: () => T): T {
  try {
    return understand()
  } catch (error) {
    throw new UsageError(`Cannot use the schema of file "${file}": ${oneLine(describeThrown(error))}`, { cause: error })
  }
}
