/**
 * A child process of data-folder.test.ts: writes to the data folder for ever, one line on standard output for each acknowledged write.
 * It is killed in the middle of it.
 */
import { writeSync } from 'node:fs'
import { openCloud } from '../../local/cloud/embedded-cloud.ts'
import { shardId } from '../../shared/model/ids.ts'
import { positionText } from '../../shared/model/position.ts'

const cloud = openCloud(process.argv[2], { now: Date.now, sleep: async () => undefined })
cloud.streams.createStream('s', 1)
writeSync(1, 'open\n')
const round = Date.now()
for (let n = 0; ; n++) {
  const data = new Uint8Array(50_000).fill(n)
  const records = [0, 1, 2].map(() => ({ data, partitionKey: `${round}` }))
  const [outcome] = cloud.transaction(() => {
    cloud.meta.set('records', String(Number(cloud.meta.get('records') ?? 0) + records.length))
    return cloud.streams.put('s', records)
  })
  if (outcome.kind !== 'accepted') throw new Error(outcome.reason)
  writeSync(1, `record ${outcome.sequence} ${n % 256}\n`)
  const key = `row ${n % 7}`
  await cloud.ports.views.put('v', [{ key, position: positionText(String(round + n), 0, 0), value: round + n }])
  writeSync(1, `row ${n % 7} ${round + n}\n`)
  cloud.checkpoints.advance('m', shardId('shardId-000000000000'), outcome.sequence, { writes: 1 })
  writeSync(1, `checkpoint ${outcome.sequence}\n`)
}
