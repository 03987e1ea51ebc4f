import { code, type FastReader, miss } from './csv-field.ts'
import { readUtf8 } from './text.ts'

const ordinary = 0
const notAscii = 1
/** From here on a byte ends what can be read fast. */
const delimiting = 2
const special = 3

/** Reads a text column. A quote doubled inside quotes is a quote too many for it. */
export function fastText(delimiter: number): FastReader<string> {
  const kinds = byteKinds(delimiter)
  const known = textCache()
  return (bytes, cursor) => {
    const { at: start, end } = cursor
    let at = start
    let ascii = true
    let hash = 0
    let last = delimiting
    while (at < end) {
      const byte = bytes[at]
      last = kinds[byte]
      if (last >= delimiting) break
      if (last === notAscii) ascii = false
      hash = (Math.imul(hash, 31) + byte) | 0
      at++
    }
    const value = last === special ? undefined : ascii ? known(bytes, start, at, hash) : readUtf8(bytes, start, at)
    if (value === undefined) {
      miss(cursor)
      return ''
    }
    cursor.at = at
    return value
  }
}

/** Inside quotes a line break is text like any other. */
function byteKinds(delimiter: number): Uint8Array {
  const kinds = new Uint8Array(256).fill(ordinary, 0, 128).fill(notAscii, 128)
  const specials = delimiter === code.quote ? [0] : [0, code.quote, code.lineFeed, code.carriageReturn]
  for (const byte of specials) kinds[byte] = special
  kinds[delimiter] = delimiting
  return kinds
}

/** At most 24 KB of text per column: enough for symbols, cities and words, too short for sentences, which do not come again. */
const cachedTexts = 1024
const longestCached = 24

/**
 * Texts seen lately, so that a symbol or a city is made a string once: that is cheaper than making it, saves memory for whoever
 * keeps it, and the string keeps its hash for the maps it is a key of. Bounded: one text per slot, the latest.
 */
export function textCache(): (bytes: Buffer, start: number, end: number, hash: number) => string {
  const slots = new Array<string>(cachedTexts).fill('')
  return (bytes, start, end, hash) => {
    const length = end - start
    if (length > longestCached) return bytes.toString('latin1', start, end)
    const slot = (hash ^ (hash >>> 10)) & (cachedTexts - 1)
    const text = slots[slot]
    if (text.length === length) {
      let same = 0
      while (same < length && text.charCodeAt(same) === bytes[start + same]) same++
      if (same === length) return text
    }
    const made = bytes.toString('latin1', start, end)
    slots[slot] = made
    return made
  }
}
