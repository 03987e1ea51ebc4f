import { createServer, request as startRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

export type LossyProxy = {
  readonly endpoint: string
  /** Answers that were lost, by operation. */
  readonly lost: ReadonlyMap<string, number>
  close(): Promise<void>
}

/**
 * Stands between the SDK and a service. `loses` is asked about each answer, by the operation's name: one that is lost is read to its end,
 * so the call took effect, and then the connection breaks.
 */
export async function lossyProxy(target: string, loses: (operation: string) => boolean): Promise<LossyProxy> {
  const { hostname, port } = new URL(target)
  const lost = new Map<string, number>()
  const server = createServer((incoming, outgoing) => {
    const operation = String(incoming.headers['x-amz-target'] ?? '').split('.')[1] ?? ''
    const { method, url: path, headers } = incoming
    const forwarded = startRequest({ hostname, port, method, path, headers }, answer => {
      const parts: Buffer[] = []
      answer.on('data', part => parts.push(part))
      answer.on('end', () => {
        if (answer.statusCode === 200 && loses(operation)) {
          lost.set(operation, (lost.get(operation) ?? 0) + 1)
          outgoing.destroy()
        } else {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(Buffer.concat(parts))
        }
      })
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    lost,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
