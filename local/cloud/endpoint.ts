import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { ConfigurationError, describeThrown } from '../../shared/model/errors.ts'
import { isDataOperation, operate } from './data-operations.ts'
import type { EmbeddedCloud } from './embedded-cloud.ts'

/** Where the process that holds a data folder listens, and what tells it that the caller may read the folder. */
export type EndpointAddress = { readonly port: number; readonly token: string }

/** What the endpoint answers to a call that reached an operation. */
export type EndpointAnswer =
  | { readonly kind: 'answer'; readonly value: unknown }
  | { readonly kind: 'error'; readonly isConfiguration: boolean; readonly message: string }

/**
 * Lets other processes of this user work on a data folder while one holds it: `POST /OPERATION` on the loopback interface, arguments
 * and answer as v8 serializes them. Who may call is who may read `endpoint.json` in the folder, which holds the port and a token
 * made anew each time. The file is gone once the endpoint is closed; after a kill it stays, and nobody answers at its port.
 */
export class Endpoint {
  readonly #server: Server
  readonly #folder: string

  private constructor(server: Server, folder: string) {
    this.#server = server
    this.#folder = folder
  }

  static async open(cloud: EmbeddedCloud, folder: string): Promise<Endpoint> {
    const token = randomBytes(32).toString('hex')
    const server = createServer((request, response) => {
      serve(cloud, token, request, response).catch(() => response.destroy())
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('Cannot listen: the server has no port')
    writeAddress(folder, { port: address.port, token })
    return new Endpoint(server, folder)
  }

  /** Finishes the calls under way; later ones find nobody. */
  async close(): Promise<void> {
    forgetAddress(this.#folder)
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
  }
}

/** What `endpoint.json` in the folder says, undefined when there is none or it says nothing that makes sense. */
export function addressIn(folder: string): EndpointAddress | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(fileIn(folder), 'utf8'))
    if (typeof found !== 'object' || found === null || !('port' in found) || !('token' in found)) return undefined
    const { port, token } = found
    return typeof port === 'number' && typeof token === 'string' ? { port, token } : undefined
  } catch {
    return undefined
  }
}

/** Only whoever holds the folder may do this. */
export const forgetAddress = (folder: string): void => rmSync(fileIn(folder), { force: true })

const fileIn = (folder: string): string => join(folder, 'endpoint.json')

/** Under another name first: a reader sees the whole file or none, and the mode is that of a new file. */
function writeAddress(folder: string, address: EndpointAddress): void {
  const temporary = `${fileIn(folder)}.${process.pid}`
  rmSync(temporary, { force: true })
  writeFileSync(temporary, `${JSON.stringify({ ...address, pid: process.pid })}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(temporary, fileIn(folder))
}

/** A PutRecords call has at most 5 MiB; the rest is room for the envelope. */
const mostRequestBytes = 8 * 1024 * 1024

async function serve(
  cloud: EmbeddedCloud,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isAuthorized(request, token)) return refuse(response, 401, 'the token is wrong')
  const name = (request.url ?? '').slice(1)
  if (request.method !== 'POST' || !isDataOperation(name)) return refuse(response, 404, 'there is no such operation')
  const body = await bodyOf(request)
  if (body === undefined) return refuse(response, 413, `the request has more than ${mostRequestBytes} bytes`)
  const args: unknown = deserialize(body)
  if (!Array.isArray(args)) return refuse(response, 400, 'the request is not a list of arguments')
  const answer = await operate(cloud, name, args).then(answered, failed)
  response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(serialize(answer))
}

const answered = (value: unknown): EndpointAnswer => ({ kind: 'answer', value })

const failed = (error: unknown): EndpointAnswer => ({
  kind: 'error',
  isConfiguration: error instanceof ConfigurationError,
  message: describeThrown(error),
})

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`Cannot answer: ${reason}\n`)
}

function isAuthorized(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '')
  const expected = Buffer.from(`Bearer ${token}`)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    bytes += part.length
    if (bytes > mostRequestBytes) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts)
}
