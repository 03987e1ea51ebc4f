import { type CommitBody, decodeBody } from '../../../shared/commit/commit-body.ts'

const decoded = new WeakMap<Uint8Array, CommitBody>()

/** The same bytes are decoded once, whichever checkers look into them. */
export function bodyOf(bytes: Uint8Array): CommitBody {
  let body = decoded.get(bytes)
  if (body === undefined) {
    body = decodeBody(bytes)
    decoded.set(bytes, body)
  }
  return body
}
