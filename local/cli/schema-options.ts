import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { UsageError } from './command-line.ts'
import { unreadable } from './line-input.ts'
import { once } from './once.ts'

/** What commander finds of the options that `addSchemaOptions` adds. */
export type SchemaOptions = {
  readonly schema?: string
  readonly registry?: string
}

/** Of commands that read or write Avro. */
export function addSchemaOptions(command: Command): Command {
  return command
    .option('--schema <file>', 'the Avro schema of the values, a file with JSON (.avsc)', once('--schema'))
    .option(
      '--registry <url>',
      "a schema registry with Confluent's interface, as in http://127.0.0.1:8081: records carry the id of their schema (default: they carry none)",
      once('--registry'),
    )
}

/** Text of the schema's file. Throws a sentence when it cannot be read. */
export async function schemaText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(error => {
    throw unreadable(file, error, '--schema')
  })
}

/** Throws a UsageError unless --registry is an address. */
export function checkRegistry(text: string | undefined): void {
  if (text === undefined) return
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return
  throw new UsageError(
    `Cannot use --registry "${text}": it is not an address, expected something like http://127.0.0.1:8081`,
  )
}

/** Throws a UsageError when one of these is given to a command that does not use it. */
export function refuseOptions(given: Readonly<Record<string, unknown>>, names: readonly string[], why: string): void {
  for (const name of names) {
    if (given[name] === undefined) continue
    const option = `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
    throw new UsageError(`Cannot use ${option}: ${why}`)
  }
}
