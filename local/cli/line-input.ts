import { createReadStream } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { describeThrown } from '../../shared/model/errors.ts'
import { looksBinary } from '../input/input-file.ts'
import { type Terminal, UsageError } from './command-line.ts'

/** The bytes of the file, or of standard input. Throws a sentence when it is not to be read, or no text. */
export async function inputOf(file: string | undefined, terminal: Terminal): Promise<Readable> {
  if (file === undefined) {
    if (process.stdin.isTTY) terminal.err('Reading lines from the terminal, end with Ctrl-D\n')
    return process.stdin
  }
  const found = await stat(file).catch(error => {
    throw unreadable(file, error)
  })
  if (found.isDirectory()) throw new UsageError(`Cannot read file "${file}": it is a folder, expected a text file`)
  await access(file, constants.R_OK).catch(error => {
    throw unreadable(file, error)
  })
  // A pipe or a device gives each byte once: only of a file a sample can be looked at.
  if (found.isFile() && (await looksBinary(file))) {
    throw new Error(`Cannot read file "${file}": it is binary or compressed, expected lines of text`)
  }
  return createReadStream(file, { highWaterMark: 256 * 1024 })
}

/** The first block has at least the bytes of a byte order mark, however a pipe cuts them. */
export async function* blocksOf(input: Readable): AsyncGenerator<Buffer, void, undefined> {
  let head: Buffer | undefined = Buffer.alloc(0)
  for await (const block of input) {
    if (head === undefined) {
      yield block
      continue
    }
    head = Buffer.concat([head, block])
    if (head.length < byteOrderMarkBytes && !head.includes('\n')) continue
    yield head
    head = undefined
  }
  if (head !== undefined && head.length > 0) yield head
}

const byteOrderMarkBytes = 3

/** Why a file cannot be read, `option` being what names it. */
export function unreadable(file: string, error: unknown, option = '--file'): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return new Error(`Cannot read file "${file}": there is none, check the path after ${option}`)
  if (code === 'EISDIR') return new UsageError(`Cannot read file "${file}": it is a folder, expected a file`)
  if (code === 'EACCES' || code === 'EPERM') {
    return new Error(`Cannot read file "${file}": this user may not read it, change its permissions`)
  }
  return error instanceof Error ? error : new Error(`Cannot read file "${file}": ${describeThrown(error)}`)
}
