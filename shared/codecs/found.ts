import { limits } from '../model/limits.ts'

/** A value of up to this many characters is quoted whole in a message: a message is one line of a log. */
const foundCharacters = 80

/** A reason given by someone else's code is cut here, likewise. */
const reasonCharacters = 240

/** What was found, for a message: in quotes, on one line, shortened. */
export const found = (text: string): string => printable(JSON.stringify(shorten(text, foundCharacters)))

/** A value that JSON had, as it would be written, for a message: on one line, shortened. */
export const foundValue = (value: unknown): string =>
  value === undefined ? 'nothing' : printable(shorten(JSON.stringify(value) ?? typeof value, foundCharacters))

/** What a record holds, for a message: bytes that are not UTF-8 show as U+FFFD. */
export function foundBytes(bytes: Uint8Array, start: number, end: number): string {
  const enough = Math.min(end, start + 4 * (foundCharacters + 1))
  return found(Buffer.from(bytes.buffer, bytes.byteOffset + start, enough - start).toString('utf8'))
}

/** Why someone else's code refused a value, for a message: on one line, shortened. */
export const oneLine = (reason: string): string => printable(shorten(reason, reasonCharacters))

/** A reason, a stack or a key in a dead letter: as it is, but no longer than a letter holds. */
export const letterText = (text: string): string => shorten(text, limits.deadLetterCharacters)

function shorten(text: string, characters: number): string {
  if (text.length <= characters) return text
  const half = text.charCodeAt(characters - 1) >>> 10 === 0x36
  return `${text.slice(0, half ? characters - 1 : characters)}…`
}

/** What a terminal or a log might obey: control characters, line separators, bidi overrides. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, escaped)
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
