import { readKpl } from '../codecs/kpl.ts'
import { feedNameOf } from '../emit/feed-key.ts'
import { positionText } from '../model/position.ts'
import type { Claim } from '../ports/claims.ts'
import { type Batch, type Repeats, recordPlace } from './batch.ts'
import type { Environment } from './environment.ts'

/**
 * The user records of a batch that are repeats of what a feed has put before: each id counts for the record that claims it first, here
 * in the order of the batch. Claims are made before anything is run, and come out the same on every retry. Undefined where the source has no feed.
 */
export async function repeatsIn({ stage, plan, ports }: Environment, batch: Batch): Promise<Repeats | undefined> {
  const from = stage.input.kind === 'source' ? stage.input.source.from : undefined
  if (from?.kind !== 'sqs' && from?.kind !== 'dynamodb') return undefined
  const repeats = new Set<string>()
  const claims = new Map<string, Claim & { readonly own: string }>()
  for (const { id, own, place } of namedRecords(batch)) {
    if (claims.has(id)) repeats.add(own)
    else claims.set(id, { id, place, own })
  }
  if (claims.size === 0) return repeats
  const claimed = [...claims.values()]
  const answers = await ports.claims.claim(
    `${plan.name}/${stage.name}`,
    claimed.map(({ id, place }) => ({ id, place })),
    from.rememberMs,
  )
  for (const [i, { own }] of claimed.entries()) if (!answers[i]) repeats.add(own)
  return repeats
}

/** Those that a feed has put, in order. */
function* namedRecords({ stream, shard, records }: Batch) {
  for (const { sequence, partitionKey, data, control } of records) {
    if (control !== undefined) continue
    const aggregated = readKpl(data)
    for (let sub = 0; sub < (aggregated?.count ?? 1); sub++) {
      const id = feedNameOf(aggregated?.partitionKey(sub) ?? partitionKey)?.id
      if (id === undefined) continue
      yield { id, own: recordPlace(sequence, sub), place: `${stream}/${shard}/${positionText(sequence, sub, 0)}` }
    }
  }
}
