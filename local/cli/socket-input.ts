import type { Readable } from 'node:stream'
import { connected } from '../input/socket.ts'
import { UsageError } from './command-line.ts'

/**
 * What a TCP server sends, until it ends the connection. Throws a UsageError for what is no `HOST:PORT`, and a sentence where nobody
 * answers.
 */
export async function socketInput(address: string): Promise<Readable> {
  const { host, port } = placeOf(address)
  return connected(host, port)
}

function placeOf(address: string): { readonly host: string; readonly port: number } {
  const [, host = '', digits = ''] = /^(?:\[?([^\]]*?)\]?:)?(\d{1,5})$/.exec(address) ?? []
  const port = Number(digits)
  if (digits !== '' && port >= 1 && port <= 65_535) return { host: host === '' ? '127.0.0.1' : host, port }
  throw new UsageError(
    `Cannot read from "${address}": expected HOST:PORT or a port of 1 to 65535, as in localhost:9999`,
  )
}
