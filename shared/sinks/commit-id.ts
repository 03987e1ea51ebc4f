/**
 * The parts of a batch's id, `stage/shard/version`: who writes, and which of its commits it is. Versions of a writer ascend by one; the
 * children of a shard that was split are other writers.
 */
export function partsOfId(id: string): { readonly writer: string; readonly version: string } {
  const at = id.lastIndexOf('/')
  return at < 0 ? { writer: id, version: '0' } : { writer: id.slice(0, at), version: id.slice(at + 1) }
}
