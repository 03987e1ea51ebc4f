import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import dynalite from 'dynalite'
import kinesalite from 'kinesalite'
import { EmulatedBuckets } from './emulated-bucket.ts'
import { EmulatedTransactions, type Operate, type TransactionInput } from './emulated-transactions.ts'

/** A call that reached the services: `PutRecords` and what it asked, for a file `PutObject` and its path. */
export type ServiceCall = { readonly operation: string; readonly input: Readonly<Record<string, unknown>> }

/**
 * What becomes of a call:
 *
 * - `serve` it
 * - `lose` its answer, after it took effect
 * - `hold` it: no answer, no effect, and the connection stays open
 * - refuse it with an error of this name, before any effect
 * - answer with this, before any effect
 * - refuse those records of a PutRecords that `throttled` picks, and serve the others
 */
export type Fate =
  | 'serve'
  | 'lose'
  | 'hold'
  | { readonly error: string }
  | { readonly answer: unknown }
  | { readonly throttled: (index: number) => boolean }

/** DynamoDB, Kinesis and S3 behind one endpoint in this process: dynalite, kinesalite, and a map of files. */
export type EmulatedAws = {
  readonly endpoint: string
  /** All calls so far, lost ones included, in the order in which they came. */
  readonly calls: ServiceCall[]
  /** Files by `/BUCKET/KEY`. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Decides about each call before it is served. */
  decide: (call: ServiceCall) => Fate
  close(): Promise<void>
}

export async function emulateAws(): Promise<EmulatedAws> {
  const dynamo = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  const kinesis = kinesalite({ createStreamMs: 0, deleteStreamMs: 0, updateStreamMs: 0, shardLimit: 1_000 })
  const buckets = new EmulatedBuckets()
  const calls: ServiceCall[] = []
  const transactions = new EmulatedTransactions()
  const server = createServer((request, response) => void serve(request, response))
  const emulated: EmulatedAws = {
    endpoint: await listen(server),
    calls,
    files: buckets.objects,
    decide: () => 'serve',
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = String(request.headers['x-amz-target'] ?? '')
    const body = await bodyOf(request)
    if (request.headers[partMark] !== undefined) return void dynamo.emit('request', replayed(request, body), response)
    const call = callOf(request, target, body)
    calls.push(call)
    const fate = emulated.decide(call)
    if (fate === 'hold') return
    if (typeof fate === 'object' && 'error' in fate) {
      return answer(response, 400, { __type: fate.error, message: 'as the test says' })
    }
    if (typeof fate === 'object' && 'answer' in fate) return answer(response, 200, fate.answer)
    if (fate === 'lose') loseAnswer(response)
    if (target === '') return buckets.serve(request, body, response)
    if (call.operation === 'TransactWriteItems') {
      const input: TransactionInput = JSON.parse(body.toString())
      const { status, body: result } = await transactions.write(input, operateAs(request))
      return answer(response, status, result)
    }
    const upstream = target.startsWith('DynamoDB') ? dynamo : kinesis
    const rest = typeof fate === 'object' ? throttle(call, response, fate.throttled) : body
    if (rest !== undefined) upstream.emit('request', replayed(request, rest), response)
  }

  /** Operations that a transaction consists of, with the credentials of its call. */
  function operateAs({ headers }: IncomingMessage): Operate {
    return async (operation, input) => {
      const found = await fetch(emulated.endpoint, {
        method: 'POST',
        headers: {
          authorization: String(headers.authorization),
          'x-amz-date': String(headers['x-amz-date']),
          'x-amz-target': `DynamoDB_20120810.${operation}`,
          'content-type': 'application/x-amz-json-1.0',
          [partMark]: 'yes',
        },
        body: JSON.stringify(input),
      })
      const { Item, message }: { Item?: Readonly<Record<string, unknown>>; message?: string } = JSON.parse(
        await found.text(),
      )
      if (!found.ok) throw new Error(`Cannot emulate a transaction: ${message}`)
      return Item
    }
  }

  return emulated
}

/** A request that the emulator makes of itself: no call of who is tested. */
const partMark = 'x-part-of-transaction'

function callOf(request: IncomingMessage, target: string, body: Buffer): ServiceCall {
  if (target === '') return { operation: 'PutObject', input: { path: pathOf(request) } }
  return { operation: target.slice(target.indexOf('.') + 1), input: JSON.parse(body.toString()) }
}

const pathOf = (request: IncomingMessage): string =>
  decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname)

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts)
}

/** The request with its body still to be read: the emulators listen for it. */
function replayed(request: IncomingMessage, body: Buffer): IncomingMessage {
  setImmediate(() => {
    request.emit('data', body)
    request.emit('end')
  })
  return request
}

/** The emulator does its work and answers, but nobody hears. */
function loseAnswer(response: ServerResponse): void {
  response.end = () => response.destroy()
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
  response.end(JSON.stringify(body))
}

/** What of a PutRecords is left to serve, undefined for nothing: its answer gets the refused records back in their places. */
function throttle(
  { input }: ServiceCall,
  response: ServerResponse,
  isThrottled: (index: number) => boolean,
): Buffer | undefined {
  const records = Array.isArray(input.Records) ? input.Records : []
  const refused = records.map((_, i) => isThrottled(i))
  const end = response.end.bind(response)
  const answerWith = (served: unknown[]): void => {
    const rest = served.values()
    const answers = refused.map(isRefused => {
      return isRefused
        ? { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' }
        : rest.next().value
    })
    const body = JSON.stringify({ FailedRecordCount: refused.filter(Boolean).length, Records: answers })
    response.setHeader('content-type', 'application/x-amz-json-1.1')
    response.setHeader('content-length', Buffer.byteLength(body))
    end(body)
  }
  if (!refused.includes(false)) {
    answerWith([])
    return undefined
  }
  response.end = (body?: unknown) => {
    answerWith(JSON.parse(String(body)).Records)
    return response
  }
  return Buffer.from(JSON.stringify({ ...input, Records: records.filter((_, i) => !refused[i]) }))
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('Cannot listen: no port was given'))
      else resolve(`http://127.0.0.1:${address.port}`)
    })
  })
}
