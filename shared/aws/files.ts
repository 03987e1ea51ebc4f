import { StopDeploymentError } from '../model/errors.ts'
import { filePath } from '../ports/refusals.ts'
import type { FilesPort } from '../ports/results.ts'
import { type AwsHost, callService } from './calls.ts'
import type { AwsClients } from './clients.ts'
import type { AwsSettings } from './settings.ts'

/** Files in an S3 bucket as `SINK/NAME`. S3 shows an object when all of it is there. */
export class S3Files implements FilesPort {
  readonly #settings: AwsSettings
  readonly #clients: AwsClients
  readonly #host: AwsHost

  constructor(settings: AwsSettings, clients: AwsClients, host: AwsHost) {
    this.#settings = settings
    this.#clients = clients
    this.#host = host
  }

  async write(sink: string, name: string, bytes: Uint8Array): Promise<void> {
    const key = filePath(sink, name)
    const { bucket } = this.#settings
    const doing = `write file "${name}" of sink "${sink}"`
    if (bucket === undefined) {
      throw new StopDeploymentError(`Cannot ${doing}: no bucket is named, deploy with one or set MILLRACE_BUCKET`)
    }
    const [{ PutObjectCommand }, client] = await Promise.all([import('@aws-sdk/client-s3'), this.#clients.s3()])
    const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes })
    await callService(this.#host, doing, `bucket "${bucket}"`, options => client.send(command, options))
  }
}
