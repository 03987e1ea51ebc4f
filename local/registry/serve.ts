import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { RegistryStore } from '../../shared/ports/registry-store.ts'
import { SchemaRegistry } from '../../shared/registry/registry.ts'
import { type RestRequest, type RestResponse, registryRest } from '../../shared/registry/rest.ts'

export type ServedRegistry = {
  /** As `http://127.0.0.1:8081`. */
  readonly url: string
  /** Ends when the requests under way are answered. */
  close(): Promise<void>
}

export type ServeOptions = {
  readonly store: RegistryStore
  /** @default 0: one that is free */
  readonly port?: number
  /** The address to listen at. @default 127.0.0.1: nobody but this machine */
  readonly host?: string
}

/** A body may be no longer: above any schema that DynamoDB can keep. */
const largestBodyBytes = 4 * 2 ** 20

/** Serves a schema registry by Confluent's REST interface on a port of this machine. Rejects where the port is taken. */
export async function serveRegistry({ store, port = 0, host = '127.0.0.1' }: ServeOptions): Promise<ServedRegistry> {
  const rest = registryRest(new SchemaRegistry(store))
  const server = createServer((request, response) => {
    answer(rest, request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('Cannot listen: the server has no port')
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}

type Rest = (request: RestRequest) => Promise<RestResponse>

async function answer(rest: Rest, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request) {
    length += part.length
    if (length > largestBodyBytes) {
      response.writeHead(413).end()
      return
    }
    parts.push(part)
  }
  const [path = '/', query = ''] = (request.url ?? '/').split('?')
  const { status, headers, body } = await rest({
    method: request.method ?? 'GET',
    path,
    query: Object.fromEntries(new URLSearchParams(query)),
    body: Buffer.concat(parts).toString(),
  })
  response.writeHead(status, headers).end(body)
}
