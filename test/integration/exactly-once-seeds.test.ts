import { after, before, test } from 'node:test'
import { type EmulatedAws, emulateAws } from '../aws/emulated-aws.ts'
import { hostileOrders, hostileWordCount } from './examples.ts'

/** More seeds than LocalStack has the time for, and more of the awaits. */
const from = Number(process.env.MILLRACE_SEED ?? Date.now() % 1_000_000)

let aws: EmulatedAws
before(async () => {
  aws = await emulateAws()
})
after(() => aws.close())

for (const seed of [from, from + 1, from + 2]) {
  test(`word-count on kinesalite comes to the batch result, whatever goes wrong, with seed ${seed}`, async t => {
    const options = { endpoint: aws.endpoint, seed, count: 200, mostOfAKind: 100, mostShards: 3 }
    t.diagnostic(await hostileWordCount(options))
  })

  test(`orders on kinesalite come to the batch result, whatever goes wrong, with seed ${seed}`, async t => {
    const options = { endpoint: aws.endpoint, seed, count: 300, mostOfAKind: 3, mostShards: 3 }
    t.diagnostic(await hostileOrders(options))
  })
}
