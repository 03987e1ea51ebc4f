import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Objects a page: S3 has 1,000. */
const pageObjects = 3

/** What S3 does for the buckets of the tests: objects are put, read as a whole or in part, listed and deleted. */
export class EmulatedBuckets {
  /** By `/BUCKET/KEY`. */
  readonly objects = new Map<string, Uint8Array>()

  serve(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://host')
    const path = decodeURIComponent(pathname)
    if (searchParams.has('list-type')) return this.#list(path, searchParams, response)
    if (request.method === 'DELETE') {
      this.objects.delete(path)
      return void response.writeHead(204).end()
    }
    if (request.method === 'PUT') this.objects.set(path, body)
    const found = this.objects.get(path)
    if (found === undefined) return refuse(response, 404, 'NoSuchKey')
    if (request.headers['if-match'] !== undefined && request.headers['if-match'] !== tagOf(found)) {
      return refuse(response, 412, 'PreconditionFailed')
    }
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    if (first === undefined) return void response.end(found)
    if (Number(first) >= found.length) return refuse(response, 416, 'InvalidRange')
    response.writeHead(206).end(found.subarray(Number(first), Number(last) + 1))
  }

  #list(path: string, parameters: URLSearchParams, response: ServerResponse): void {
    const bucket = path.replace(/\/$/, '')
    const prefix = parameters.get('prefix') ?? ''
    const after = Buffer.from(parameters.get('start-after') ?? '')
    const keys = [...this.objects.keys()]
      .flatMap(name => (name.startsWith(`${bucket}/`) ? [name.slice(bucket.length + 1)] : []))
      .filter(key => key.startsWith(prefix) && Buffer.compare(Buffer.from(key), after) > 0)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const contents = keys.slice(0, pageObjects).map(key => {
      const bytes = this.objects.get(`${bucket}/${key}`) ?? new Uint8Array()
      return `<Contents><Key>${escaped(key)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>${escaped(tagOf(bytes))}</ETag><Size>${bytes.length}</Size></Contents>`
    })
    response.writeHead(200, { 'content-type': 'application/xml' })
    response.end(
      `<?xml version="1.0"?><ListBucketResult><IsTruncated>${keys.length > pageObjects}</IsTruncated>${contents.join('')}</ListBucketResult>`,
    )
  }
}

const tagOf = (bytes: Uint8Array): string => `"${createHash('md5').update(bytes).digest('hex')}"`

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<Error><Code>${code}</Code></Error>`)
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, character => `&#${character.codePointAt(0)};`)
