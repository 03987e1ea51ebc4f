import { createGunzip } from 'node:zlib'
import { asBuffer } from '../codecs/bytes.ts'
import { describeThrown, MalformedRecordError } from '../model/errors.ts'

/** Decompresses as it reads, one gzip file or several put together. Throws a MalformedRecordError where the bytes are none. */
export async function* gunzipped(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  const gunzip = createGunzip()
  // A write that meets bytes that are none is never answered.
  const closed = new Promise<void>(done => gunzip.once('close', () => done()))
  const feed = async (): Promise<void> => {
    try {
      for await (const part of parts) {
        await Promise.race([new Promise<unknown>(done => gunzip.write(part, done)), closed])
        if (gunzip.destroyed) return
      }
      gunzip.end()
    } catch (error) {
      gunzip.destroy(error instanceof Error ? error : new Error(describeThrown(error)))
    }
  }
  const fed = feed()
  try {
    for await (const bytes of gunzip) yield asBuffer(bytes)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) throw error
    throw new MalformedRecordError(`Cannot decompress: found ${error.message}, expected gzip as the name says`, {
      cause: error,
    })
  } finally {
    gunzip.destroy()
    await fed
  }
}

/** All but the first so many bytes. */
export async function* behind(offset: number, parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let left = offset
  for await (const part of parts) {
    if (left < part.length) yield part.subarray(left)
    left = Math.max(0, left - part.length)
  }
}
