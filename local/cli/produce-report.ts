import type { ShardId } from '../../shared/model/ids.ts'
import type { LineFault } from './lines-to-records.ts'
import { counted, wholeNumber } from './numbers.ts'

/** What became of the lines. */
export type Produced = {
  readonly stream: string
  readonly sent: number
  readonly byShard: ReadonlyMap<ShardId, number>
  readonly skipped: { readonly count: number; readonly first: LineFault | undefined }
  /** Shards that were told that the input has ended, undefined where that was not asked for. */
  readonly ended: number | undefined
}

/** More shards are not listed one by one. */
const mostShardsListed = 12

/** A sentence for each thing that was done. */
export function producedText({ stream, sent, byShard, skipped, ended }: Produced): string {
  const lines = [`Put ${counted(sent, 'record')} in stream "${stream}"${shardsText(byShard)}`]
  if (skipped.first !== undefined) {
    const { line, reason } = skipped.first
    lines.push(`Skipped ${counted(skipped.count, 'malformed line')}, the first is line ${line}: ${reason}`)
  }
  if (ended !== undefined) {
    lines.push(`Told ${counted(ended, 'shard')} of stream "${stream}" that the input has ended`)
  }
  return lines.map(line => `${line}\n`).join('')
}

/** One JSON document on one line. */
export const producedJson = ({ stream, sent, byShard, skipped, ended }: Produced): string =>
  `${JSON.stringify({
    stream,
    records: sent,
    shards: Object.fromEntries(sorted(byShard)),
    skipped: skipped.count,
    firstSkipped: skipped.first,
    ended,
  })}\n`

function shardsText(byShard: ReadonlyMap<ShardId, number>): string {
  const shards = sorted(byShard)
  if (shards.length === 0) return ''
  if (shards.length === 1) return `: all in ${shards[0][0]}`
  if (shards.length <= mostShardsListed) {
    return `: ${shards.map(([shard, count]) => `${wholeNumber(count)} in ${shard}`).join(', ')}`
  }
  const counts = shards.map(([, count]) => count)
  const least = wholeNumber(Math.min(...counts))
  return `: ${least} to ${wholeNumber(Math.max(...counts))} in each of ${shards.length} shards`
}

const sorted = (byShard: ReadonlyMap<ShardId, number>) => [...byShard].sort(([a], [b]) => (a < b ? -1 : 1))
