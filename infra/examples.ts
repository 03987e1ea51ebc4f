import { type App, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { type IStream, Stream, StreamEncryption } from 'aws-cdk-lib/aws-kinesis'
import { orders } from '../functions/orders/pipeline.ts'
import { wordCount } from '../functions/word-count/pipeline.ts'
import { Pipeline } from './pipeline.ts'

/** What `cdk deploy -c name=value` may say. */
type ExampleContext = {
  /** What all names begin with. */
  readonly prefix: string
  /** Whether `cdk destroy` leaves nothing behind: for trying out. */
  readonly keepNothing: boolean
}

/** A stack for each example, with a source stream of its own. */
export function exampleStacks(app: App): readonly Stack[] {
  const context = contextOf(app)
  const entry = (example: string) => `functions/${example}/handlers.ts`
  const common = { prefix: context.prefix, ...(context.keepNothing && { removalPolicy: RemovalPolicy.DESTROY }) }

  const ordersStack = new Stack(app, `${context.prefix}orders`, { description: 'Millrace: trades of a stock exchange' })
  new Pipeline(ordersStack, 'Orders', {
    ...common,
    pipeline: orders,
    entry: entry('orders'),
    source: { trades: sourceStream(ordersStack, 'trades', context) },
    // The example's trades are of 2016.
    alarms: { watermarkLag: false },
  })

  const wordsStack = new Stack(app, `${context.prefix}word-count`, { description: 'Millrace: words of any text' })
  new Pipeline(wordsStack, 'WordCount', {
    ...common,
    pipeline: wordCount,
    entry: entry('word-count'),
    source: { lines: sourceStream(wordsStack, 'lines', context) },
  })
  return [ordersStack, wordsStack]
}

function sourceStream(scope: Stack, name: string, { prefix, keepNothing }: ExampleContext): IStream {
  return new Stream(scope, name, {
    streamName: `${prefix}${name}`,
    shardCount: 2,
    encryption: StreamEncryption.MANAGED,
    removalPolicy: keepNothing ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  })
}

function contextOf({ node }: App): ExampleContext {
  const prefix: unknown = node.tryGetContext('prefix') ?? ''
  if (typeof prefix !== 'string') throw new Error(`Cannot deploy the examples: prefix ${String(prefix)} is not text`)
  return { prefix, keepNothing: String(node.tryGetContext('keep-nothing') ?? 'false') === 'true' }
}
