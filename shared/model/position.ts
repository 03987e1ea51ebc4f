import type { SequenceNumber } from './ids.ts'

/**
 * Where an output stands in its producer's output: totally ordered, compared without knowing what is in between.
 *
 * - on a source: sequence number, sub-sequence number and output index of the input record that made it
 * - behind a shuffle: version of the commit, 0, and index in its outbox
 */
export type Position = {
  readonly major: string
  readonly sub: number
  readonly index: number
}

declare const brand: unique symbol
/** A position as text whose plain string order is the order of positions. This is what state and views keep. */
export type PositionText = string & { readonly [brand]: 'PositionText' }

/** Each component is a letter for its number of digits, then the digits: so text order is numeric order. */
export function positionText(major: string, sub: number, index: number): PositionText {
  const second = String(sub)
  const third = String(index)
  return (digitsMark(major) + major + digitsMark(second) + second + digitsMark(third) + third) as PositionText
}

export const positionOf = (sequence: SequenceNumber, sub: number, index: number): Position => ({
  major: sequence,
  sub,
  index,
})

export function parsePosition(text: PositionText): Position {
  const parts: string[] = []
  for (let at = 0; at < text.length; ) {
    const length = text.charCodeAt(at) - zeroDigits
    parts.push(text.slice(at + 1, at + 1 + length))
    at += 1 + length
  }
  if (parts.length !== 3) throw new RangeError(`Cannot read a position: "${text}" does not have three components`)
  return { major: parts[0], sub: Number(parts[1]), index: Number(parts[2]) }
}

/** `A` marks one digit; 56 digits, the longest sequence number, is `x`, still printable. */
const zeroDigits = 'A'.charCodeAt(0) - 1

function digitsMark(decimal: string): string {
  return String.fromCharCode(zeroDigits + decimal.length)
}
