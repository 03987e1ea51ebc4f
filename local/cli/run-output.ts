import type { RunReport, SinkTotal } from '../run/run-report.ts'
import { byteSize, counted, wholeNumber } from './numbers.ts'
import { printable, tableOf } from './tables.ts'
import { jsonText } from './value-text.ts'

/** One JSON document, on one line, in pieces: results may be longer than a text can be. */
export function* jsonOf({
  views,
  streams,
  sources,
  deadLetters,
  seconds,
}: RunReport): Generator<string, void, undefined> {
  yield '{"views":'
  yield* listsOf(views)
  yield ',"streams":'
  yield* listsOf(new Map(Array.from(streams, ([name, values]) => [name, values.map(value => ({ value }))])))
  const rest = jsonText({ sources: Object.fromEntries(sources), deadLetters: deadLetters.length, seconds })
  yield `,${rest.slice(1)}\n`
}

function* listsOf(lists: ReadonlyMap<string, readonly unknown[]>): Generator<string, void, undefined> {
  let open = '{'
  for (const [name, rows] of lists) {
    yield `${open}${jsonText(name)}:[`
    open = ','
    for (let start = 0; start < rows.length; start += rowsInPiece) {
      const piece = rows
        .slice(start, start + rowsInPiece)
        .map(jsonText)
        .join(',')
      yield start === 0 ? piece : `,${piece}`
    }
    yield ']'
  }
  yield lists.size === 0 ? '{}' : '}'
}

const rowsInPiece = 1_000

/** The views as tables, then what the run was. */
export function textOf(report: RunReport, isWhole: boolean): string {
  const tables = [...report.views].map(([view, rows]) => {
    const table = tableOf(rows, { isWhole, way: '--all shows them, --json gives them' })
    return `${view} (${counted(rows.length, 'row')})\n\n${table}`
  })
  return `\n${[...tables, summaryOf(report), ...lettersOf(report)].join('\n')}`
}

function summaryOf(report: RunReport): string {
  const { sources, deadLetters, late, expired, commits, stateBytes, sinks, seconds, recordsDone } = report
  const lines: [string, string][] = []
  for (const [source, { read, malformed }] of sources) {
    const suffix = sources.size === 1 ? '' : ` (${source})`
    lines.push([`records read${suffix}`, wholeNumber(read)], [`malformed${suffix}`, wholeNumber(malformed)])
  }
  lines.push(
    ['dead letters', wholeNumber(deadLetters.length)],
    ['late, accepted', lateText(late)],
    ['late, expired', lateText(expired)],
    ['commits', wholeNumber(commits)],
    ['state written', byteSize(stateBytes)],
  )
  for (const sink of sinks) lines.push([sink.name, sinkText(sink)])
  lines.push(['seconds', seconds.toFixed(2)])
  if (recordsDone > 0) lines.push(['records a second', wholeNumber(recordsDone / seconds)])
  const width = Math.max(...lines.map(([name]) => name.length))
  return `${lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')}\n`
}

const sinkText = (sink: SinkTotal): string =>
  sink.kind === 'stream'
    ? `${counted(sink.records, 'record')} in stream "${sink.stream}"`
    : `${counted(sink.files, 'file')}, ${byteSize(sink.bytes)}`

const lateText = (count: number): string => (count === 0 ? '0' : `${wholeNumber(count)} (each operator counts its own)`)

const lettersShown = 5

function lettersOf({ deadLetters }: RunReport): string[] {
  if (deadLetters.length === 0) return []
  const shown = deadLetters.slice(0, lettersShown)
  const title = shown.length < deadLetters.length ? `the first ${shown.length} dead letters` : 'dead letters'
  return [`${title}\n${shown.map(({ at, reason }) => `${at}: ${printable(reason)}\n`).join('')}`]
}
