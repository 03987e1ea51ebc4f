/** Cuts entries into calls, in order, of at most so many entries and bytes each. An entry that is larger has a call of its own. */
export function callsWithin<E>(
  entries: readonly E[],
  mostEntries: number,
  mostBytes: number,
  sizeOf: (entry: E) => number,
): E[][] {
  const calls: E[][] = []
  let bytes = 0
  for (const entry of entries) {
    const size = sizeOf(entry)
    const last = calls.at(-1)
    if (last === undefined || last.length === mostEntries || bytes + size > mostBytes) {
      calls.push([entry])
      bytes = size
    } else {
      last.push(entry)
      bytes += size
    }
  }
  return calls
}
