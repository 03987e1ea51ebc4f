import { connect, type Socket } from 'node:net'
import { describeThrown } from '../../shared/model/errors.ts'
import { InputError } from './input-file.ts'

/** A connection to a TCP server. Throws an InputError where nobody answers. */
export function connected(host: string, port: number): Promise<Socket> {
  return new Promise<Socket>((resolve, reject) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
  }).catch(error => {
    const why = describeThrown(error)
    throw new InputError(`Cannot read from "${host}:${port}": ${why}, start the server first, as with nc -lk ${port}`)
  })
}
