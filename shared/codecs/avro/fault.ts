import { found } from '../found.ts'

/** What is wrong with a value or with bytes, thrown where it is seen; whoever stands around adds where he is, from the inside out. */
export class Fault extends Error {
  /** The innermost first: a name of a field, a number of an item, a key of a map in an array. */
  readonly path: Segment[] = []
  readonly expected: string

  constructor(what: string, expected: string) {
    super(what)
    this.expected = expected
  }
}

type Segment = string | number | readonly [key: string]

export function within(error: unknown, segment: Segment): unknown {
  if (error instanceof Fault) error.path.push(segment)
  return error
}

/** More is cut in the middle: a record that holds itself may be deep. */
const shownSegments = 12

/** `lines[2].price`, `prices["a.b"]`; `the value` for what is not inside another. */
export function pathText(fault: Fault): string {
  const path = fault.path.toReversed()
  if (path.length === 0) return 'the value'
  const text = (segments: readonly Segment[]): string => segments.map(segmentText).join('')
  const isLong = path.length > shownSegments
  const shown = isLong
    ? `${text(path.slice(0, shownSegments / 2))}…${text(path.slice(-shownSegments / 2))}`
    : text(path)
  return shown.replace(/^\./, '')
}

function segmentText(segment: Segment): string {
  if (typeof segment === 'number') return `[${segment}]`
  return typeof segment === 'string' ? `.${segment}` : `[${found(segment[0])}]`
}
