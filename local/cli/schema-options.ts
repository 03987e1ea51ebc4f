import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { UsageError } from './command-line.ts'
import { unreadable } from './line-input.ts'
import { once } from './once.ts'

/** What commander finds of the options that `addSchemaOptions` adds. */
export type SchemaOptions = {
  readonly schema?: string
  readonly message?: string
  readonly registry?: string
}

/** Of commands that read or write records by schemas. */
export function addSchemaOptions(command: Command): Command {
  return command
    .option(
      '--schema <file>',
      'the schema of the values: of Avro (.avsc), or of protobuf (.proto), whose imports are looked for in its folder and those above it',
      once('--schema'),
    )
    .option(
      '--message <name>',
      'the message of the .proto file that records are, as in acme.Order (default: the only one)',
      once('--message'),
    )
    .option(
      '--registry <place>',
      "a schema registry: the address of one with Confluent's interface, as in http://127.0.0.1:8081, or glue:NAME in AWS Glue; records carry the id of their schema (default: they carry none)",
      once('--registry'),
    )
}

/** Codecs whose records have schemas, as they are called in sentences. */
const schemaCodecs: Readonly<Record<string, string>> = { avro: 'Avro', protobuf: 'protobuf' }

/** What a codec is called whose records have schemas, undefined for any other. */
export const schemaCodecName = (codec: string | undefined): string | undefined => schemaCodecs[codec ?? '']

/** Throws a UsageError where an option is about schemas of another codec. */
export function checkSchemaOptions(options: SchemaOptions & { readonly codec?: string }): void {
  if (schemaCodecName(options.codec) === undefined) {
    refuseOptions(
      options,
      ['schema', 'message', 'registry', 'subject'],
      'it is about Avro and protobuf, add --codec avro or --codec protobuf',
    )
  }
  if (options.codec !== 'protobuf') refuseOptions(options, ['message'], 'it is about protobuf, add --codec protobuf')
  if (options.schema === undefined) refuseOptions(options, ['message'], 'it is about a .proto file, add --schema FILE')
}

/** Text of the schema's file. Throws a sentence when it cannot be read. */
export async function schemaText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(error => {
    throw unreadable(file, error, '--schema')
  })
}

/** Throws a UsageError when one of these is given to a command that does not use it. */
export function refuseOptions(given: Readonly<Record<string, unknown>>, names: readonly string[], why: string): void {
  for (const name of names) {
    if (given[name] === undefined) continue
    const option = `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
    throw new UsageError(`Cannot use ${option}: ${why}`)
  }
}
