import { csv, float, int, minutes, oneOf, pipeline, seconds, text, timestamp, tumbling } from 'millrace'
import { memoryCloud } from '../local/cloud/embedded-cloud.ts'
import { runnersFor } from '../local/functions/runners.ts'
import { embeddedTarget } from '../local/input/embedded-target.ts'
import { FileInput } from '../local/input/file-input.ts'
import { boundedRun } from '../local/run/bounded-run.ts'
import { stageTotals, viewRows } from '../local/run/results.ts'

/** The backlog benchmark's pipeline: 10 s of allowed disorder, no lateness forgiven. */
export const backlog = pipeline('backlog', ({ source }) => {
  const trades = source('trades', {
    codec: csv({
      time: timestamp('yyyy-MM-dd HH:mm:ss'),
      orderId: int,
      clientId: int,
      symbol: text,
      amount: int,
      price: float,
      side: oneOf('B', 'S'),
    }),
    eventTime: trade => trade.time,
    outOfOrder: seconds(10),
  })
  return {
    perMinute: trades
      .keyBy('symbol')
      .window(tumbling(minutes(1)))
      .count('trades-per-symbol'),
  }
})

// Everything is in the four shards before the first is read: node bench/catch-up.ts FILE
if (import.meta.main) {
  const [file] = process.argv.slice(2)
  const cloud = memoryCloud({ now: Date.now, sleep: ms => new Promise(done => setTimeout(done, ms)) })
  const { plan } = backlog
  cloud.streams.createStream('trades', 4)
  const input = new FileInput(embeddedTarget(cloud, plan.name), plan, 'trades', file)
  await input.prepare()
  await input.load(async () => {}, new AbortController().signal)
  const { runner, close } = runnersFor(backlog, import.meta.filename, cloud)
  const outcome = await boundedRun({
    cloud,
    plan,
    inputs: new Map([['trades', file]]),
    shards: stage => (stage.input.kind === 'source' ? 4 : 1),
    batchSize: () => 10_000,
    runner,
    signal: new AbortController().signal,
  })
  await close()
  const [source, keyed] = await stageTotals(cloud, plan)
  const rows = await viewRows(cloud, plan, 'perMinute')
  const counted = rows.reduce((sum, { value }) => sum + Number(value), 0)
  const { recordsIn = 0, malformed = 0 } = source.invocations
  const result = {
    seconds: outcome.seconds,
    recordsIn,
    malformed,
    counted,
    late: keyed.log.late,
    expired: keyed.log.expired,
  }
  process.stdout.write(JSON.stringify(result))
}
