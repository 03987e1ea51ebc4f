import Table from 'cli-table3'
import { beginningOfTime, endOfTime } from '../../shared/model/event-time.ts'
import type { Row } from '../cloud/rows.ts'
import { wholeNumber } from './numbers.ts'
import { jsonText } from './value-text.ts'

export type TableOptions = {
  /** Show every row of a long table. */
  readonly isWhole: boolean
  /** What the sentence under a table that was cut says to see them all. */
  readonly way: string
}

/** Of a long table. */
const firstRows = 10
const lastRows = 3
const widestCell = 60

/** Rows as an aligned table: a column for each field, window bounds as ISO times in UTC, numbers to the right. */
export function tableOf(rows: readonly Row[], { isWhole, way }: TableOptions): string {
  if (rows.length === 0) return '(no rows)\n'
  const isCut = !isWhole && rows.length > firstRows + lastRows + 1
  const shown = isCut ? [...rows.slice(0, firstRows), ...rows.slice(-lastRows)] : rows
  const cells = shown.map(cellsOf)
  const columns = [...new Set(cells.flatMap(row => [...row.keys()]))]
  const decimals = new Map(columns.map(column => [column, decimalsOf(cells.map(row => row.get(column)))]))
  const isNumeric = columns.map(column => cells.every(row => isNumber(row.get(column))))
  const table = new Table({
    chars: plain,
    head: columns,
    colAligns: isNumeric.map(right => (right ? 'right' : 'left')),
    style,
  })
  for (const [i, row] of cells.entries()) {
    if (isCut && i === firstRows) table.push(columns.map(() => '...'))
    table.push(columns.map(column => textOf(row.get(column), decimals.get(column) ?? 0)))
  }
  const lines = table
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
  if (isCut) lines.push(`${wholeNumber(rows.length - shown.length)} more rows: ${way}`)
  return `${lines.join('\n')}\n`
}

/** Columns two spaces apart, a line under the heads. */
const plain = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}
const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 }

/** A window becomes two columns, a key or value that is a plain object one for each of its fields. */
function cellsOf(row: Row): Map<string, unknown> {
  const cells = new Map<string, unknown>()
  const { window, rank, key, value, ...others } = row
  if (typeof window === 'object' && window !== null && 'start' in window && 'end' in window) {
    cells.set('from', timeText(Number(window.start)))
    cells.set('to', timeText(Number(window.end)))
  }
  if (rank !== undefined) cells.set('rank', rank)
  for (const [name, cell] of Object.entries({ key, value, ...others })) {
    if (!isPlainObject(cell)) cells.set(name, cell)
    else for (const [field, part] of Object.entries(cell)) cells.set(`${name}.${field}`, part)
  }
  return cells
}

/** ISO 8601 in UTC, without milliseconds where there are none. */
export function timeText(ms: number): string {
  if (ms <= beginningOfTime) return 'beginning'
  if (ms >= endOfTime) return 'end'
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

function textOf(cell: unknown, decimals: number): string {
  if (typeof cell === 'number') return Number.isInteger(cell) && decimals === 0 ? String(cell) : cell.toFixed(decimals)
  if (cell === undefined) return ''
  const text = typeof cell === 'string' ? cell : cell instanceof Date ? timeText(cell.getTime()) : jsonText(cell)
  return shortened(printable(text))
}

/** Decimals that a column's numbers are written with, so that their points stand in a line. */
function decimalsOf(cells: readonly unknown[]): number {
  let most = 0
  for (const cell of cells) {
    if (typeof cell !== 'number') continue
    const [, decimals = ''] = /^-?\d+\.(\d+)$/.exec(String(cell)) ?? []
    most = Math.max(most, decimals.length)
  }
  return Math.min(most, mostDecimals)
}

const mostDecimals = 6

const isNumber = (cell: unknown): boolean => cell === undefined || typeof cell === 'number' || typeof cell === 'bigint'

const isPlainObject = (cell: unknown): cell is object =>
  typeof cell === 'object' && cell !== null && Object.getPrototypeOf(cell) === Object.prototype

/** Control characters, as from a file of anything, must not reach the terminal. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)

const shortened = (text: string): string => (text.length > widestCell ? `${text.slice(0, widestCell - 1)}…` : text)
