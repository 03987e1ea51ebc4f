import { constants } from 'node:fs'
import { access, open, stat } from 'node:fs/promises'
import { describeThrown } from '../../shared/model/errors.ts'

/** A file that cannot be an input. The message says what to do. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** Part of a file that is looked at to tell text from other things. */
const sampleBytes = 64 * 1024
/** Text has hardly any control characters; compressed or binary data has a tenth, or many zeros. */
const greatestControlShare = 0.05

/** The file's size and times. Throws an InputError unless it is a file with something in it that may be read. */
export async function statOfInput(path: string, stream: string) {
  const found = await stat(path).catch(error => {
    throw unreadableInput(path, stream, error)
  })
  if (found.isDirectory())
    throw new InputError(`Cannot read input "${stream}": "${path}" is a folder, expected a text file`)
  if (!found.isFile())
    throw new InputError(
      `Cannot read input "${stream}": "${path}" is a pipe or a device, save what it gives in a file and read that`,
    )
  if (found.size === 0)
    throw new InputError(`Cannot read input "${stream}": file "${path}" is empty, expected at least one line`)
  await access(path, constants.R_OK).catch(error => {
    throw unreadableInput(path, stream, error)
  })
  return found
}

/** Throws an InputError for a file that is no text. */
export async function checkInputText(path: string, stream: string): Promise<void> {
  const isBinary = await looksBinary(path).catch(error => {
    throw unreadableInput(path, stream, error)
  })
  if (isBinary) {
    throw new InputError(
      `Cannot read input "${stream}": file "${path}" is binary or compressed, expected lines of text`,
    )
  }
}

/** Whether the beginning of a file is not of text. Rejects with the file system's error. */
export async function looksBinary(path: string): Promise<boolean> {
  const handle = await open(path)
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(sampleBytes), 0, sampleBytes, 0)
    let controls = 0
    for (let i = 0; i < bytesRead; i++) if (buffer[i] < 0x20 && !isTextControl(buffer[i])) controls++
    return controls > bytesRead * greatestControlShare
  } finally {
    await handle.close()
  }
}

/** Tab, line feed, vertical tab, form feed, carriage return, escape. */
const isTextControl = (byte: number): boolean => (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b

/** Says in a sentence why the file could not be read. */
export function unreadableInput(path: string, stream: string, error: unknown): InputError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') {
    return new InputError(
      `Cannot read input "${stream}": there is no file "${path}", check the path after --input ${stream}=`,
    )
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new InputError(
      `Cannot read input "${stream}": file "${path}" may not be read by this user, change its permissions`,
    )
  }
  return new InputError(`Cannot read input "${stream}": ${describeThrown(error)}`)
}
