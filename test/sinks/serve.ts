import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { TestContext } from 'node:test'

export type Asked = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly text: string }
export type Answer = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly text?: string
  /** No answer: the connection breaks, or nothing ever comes. */
  readonly instead?: 'breaks' | 'hangs'
}

/** A small server on a free port, stopped with the test. */
export async function serve(t: TestContext, answer: (asked: Asked) => Answer): Promise<string> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', piece => pieces.push(piece))
    request.on('end', () => {
      const {
        status = 200,
        headers = {},
        text = '',
        instead,
      } = answer({
        path: request.url ?? '',
        headers: request.headers,
        text: Buffer.concat(pieces).toString('utf8'),
      })
      if (instead === 'breaks') request.socket.destroy()
      else if (instead !== 'hangs') response.writeHead(status, headers).end(text)
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}
