import { limits } from '../../shared/model/limits.ts'

/** DynamoDB refuses an item above its limit; so do we, or a pipeline would fail only once it is deployed. */
export function checkItemSize(what: string, bytes: Uint8Array): void {
  if (bytes.byteLength <= limits.itemBytes) return
  throw new RangeError(`Cannot store ${what}: ${bytes.byteLength} bytes, at most ${limits.itemBytes} would be right`)
}
