import { splitLine } from '../../shared/codecs/csv-line.ts'
import { found, foundBytes } from '../../shared/codecs/found.ts'
import { counted } from '../../shared/model/counted.ts'
import { UsageError } from './command-line.ts'
import { MalformedLineError } from './malformed-line.ts'

/** A column of a line: its text without the quotes around it. */
export type CsvText = { readonly text: string; readonly quoted: boolean }

export type CsvLinesOptions = {
  /** One ASCII character. */
  readonly delimiter: string
  /** Whether the first line has the names of the columns. */
  readonly hasHeader: boolean
  /** The columns' names where no header says them. */
  readonly names?: readonly string[] | undefined
  /** Whether all lines have as many columns. @default true */
  readonly isUniform?: boolean
  /** Called with the names before the first line that is read. */
  readonly onNames?: (names: readonly string[]) => void
}

/** Columns kept of a line: more than any file has. */
const mostColumns = 10_000

/** Splits lines of one CSV file (RFC 4180). All have as many columns as the first, or as there are names. */
export class CsvLines {
  #names: readonly string[] | undefined
  #count: number | undefined
  #awaitsHeader: boolean
  readonly #delimiter: number
  readonly #isUniform: boolean
  readonly #onNames: CsvLinesOptions['onNames']

  constructor({ delimiter, hasHeader, names, isUniform = true, onNames }: CsvLinesOptions) {
    this.#isUniform = isUniform
    this.#delimiter = delimiterCode(delimiter)
    this.#awaitsHeader = hasHeader
    this.#onNames = onNames
    if (!hasHeader) this.#setNames(names)
  }

  /** The names of the columns, where they are known by now. */
  get names(): readonly string[] | undefined {
    return this.#names
  }

  /** Undefined for the header and for a line that is blank. Throws a MalformedLineError. */
  read(line: Buffer): readonly CsvText[] | undefined {
    if (line.length === 0) return undefined
    const { columns, count, isOpen } = splitLine(line, 0, line.length, this.#delimiter, mostColumns)
    if (this.#count !== undefined && !isOpen && count !== this.#count) {
      throw new MalformedLineError(`found ${counted(count, 'column')}, expected ${this.#count}`)
    }
    const texts = columns.map((column, i) => {
      if (column.kind === 'text') return column
      const what = foundBytes(line, column.start, column.end)
      throw new MalformedLineError(`${this.where(i)}: found ${what}, expected ${column.expected}`)
    })
    if (this.#awaitsHeader) {
      this.#awaitsHeader = false
      this.#setNames(namesIn(texts.map(({ text }) => text.trim())))
      return undefined
    }
    if (this.#isUniform) this.#count ??= count
    return texts
  }

  /** For messages: `column 2 "price"`. */
  where(index: number): string {
    const name = this.#names?.[index]
    return `column ${index + 1}${name === undefined ? '' : ` ${found(name)}`}`
  }

  #setNames(names: readonly string[] | undefined): void {
    if (names === undefined) return
    this.#names = names
    this.#count = names.length
    this.#onNames?.(names)
  }
}

function namesIn(names: readonly string[]): readonly string[] {
  for (const [i, name] of names.entries()) {
    const fault =
      name === '' ? 'has no name' : names.indexOf(name) < i ? `is named ${found(name)} like another` : undefined
    if (fault === undefined) continue
    throw new UsageError(
      `Cannot use the header: column ${i + 1} ${fault}, expected a name of its own for each column in the first line`,
    )
  }
  return names
}

/** The byte between columns. Throws a UsageError. */
export function delimiterCode(text: string): number {
  const character = text === 'tab' ? '\t' : text
  if (/^[\t -~]$/.test(character) && !/[A-Za-z0-9"]/.test(character)) return character.charCodeAt(0)
  throw new UsageError(
    `Cannot use --delimiter "${text}": expected one ASCII character that is no letter, digit or quote, or the word tab`,
  )
}
