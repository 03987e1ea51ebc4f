import { after, before, test } from 'node:test'
import { type EmulatedAws, emulateAws } from '../aws/emulated-aws.ts'
import { hostileOrders, hostileWordCount } from '../integration/examples.ts'

const seed = Number(process.env.MILLRACE_SEED ?? 5)

let aws: EmulatedAws
before(async () => {
  aws = await emulateAws()
})
after(() => aws.close())

test('word-count on kinesalite and dynalite comes to the batch result, whatever goes wrong', async t => {
  t.diagnostic(await hostileWordCount({ endpoint: aws.endpoint, seed, count: 100, mostOfAKind: 3, mostShards: 2 }))
})

test('orders on kinesalite and dynalite come to the batch result, whatever goes wrong', async t => {
  t.diagnostic(await hostileOrders({ endpoint: aws.endpoint, seed, count: 100, mostOfAKind: 1, mostShards: 1 }))
})
