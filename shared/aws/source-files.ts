import { StopDeploymentError } from '../model/errors.ts'
import type { FilePart, SourceFile, SourceFilesPort } from '../ports/source-files.ts'
import { type AwsHost, callService, nameOf } from './calls.ts'
import type { AwsClients } from './clients.ts'
import type { AwsSettings } from './settings.ts'

/** Objects of an S3 bucket as files: the folder is the beginning of their keys. S3 lists keys in the order of their UTF-8 bytes. */
export class S3SourceFiles implements SourceFilesPort {
  readonly #settings: AwsSettings
  readonly #clients: AwsClients
  readonly #host: AwsHost

  constructor(settings: AwsSettings, clients: AwsClients, host: AwsHost) {
    this.#settings = settings
    this.#clients = clients
    this.#host = host
  }

  async list(folder: string, after: string): Promise<readonly SourceFile[]> {
    const prefix = `${folder}/`
    const doing = `list the files of folder "${folder}"`
    const bucket = this.#bucket(doing)
    const [{ ListObjectsV2Command }, client] = await Promise.all([import('@aws-sdk/client-s3'), this.#clients.s3()])
    // A page may hold nothing but the marks that consoles make of folders.
    for (let from = after; ; ) {
      const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, StartAfter: `${prefix}${from}` })
      const { Contents = [], IsTruncated } = await callService(this.#host, doing, `bucket "${bucket}"`, options =>
        client.send(command, options),
      )
      const files = Contents.flatMap(({ Key, ETag, Size, LastModified }) => {
        const name = Key?.slice(prefix.length) ?? ''
        if (name === '' || name.endsWith('/')) return []
        return [{ name, tag: ETag ?? '', bytes: Size ?? 0, modifiedMs: LastModified?.getTime() ?? 0 }]
      })
      if (files.length > 0 || !IsTruncated) return files
      from = Contents.at(-1)?.Key?.slice(prefix.length) ?? from
    }
  }

  async read(folder: string, { name, tag, bytes }: SourceFile, offset: number, most: number): Promise<FilePart> {
    const doing = `read file "${name}" of folder "${folder}"`
    const bucket = this.#bucket(doing)
    // S3 has no answer for a range behind the end.
    if (offset >= bytes) return { kind: 'bytes', bytes: Buffer.alloc(0) }
    const [{ GetObjectCommand }, client] = await Promise.all([import('@aws-sdk/client-s3'), this.#clients.s3()])
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: `${folder}/${name}`,
      IfMatch: tag,
      Range: `bytes=${offset}-${Math.min(offset + most, bytes) - 1}`,
    })
    const send = async (options: object): Promise<FilePart> => {
      const { Body } = await client.send(command, options)
      return { kind: 'bytes', bytes: (await Body?.transformToByteArray()) ?? Buffer.alloc(0) }
    }
    try {
      return await callService(this.#host, doing, `bucket "${bucket}"`, send, isOutcome)
    } catch (error) {
      if (!isOutcome(error)) throw error
      return { kind: nameOf(error) === missing ? 'missing' : 'changed' }
    }
  }

  #bucket(doing: string): string {
    const { sourceBucket } = this.#settings
    if (sourceBucket !== undefined) return sourceBucket
    throw new StopDeploymentError(`Cannot ${doing}: no bucket is named, deploy with one or set MILLRACE_SOURCE_BUCKET`)
  }
}

const missing = 'NoSuchKey'

const isOutcome = (error: unknown): boolean => [missing, 'PreconditionFailed'].includes(nameOf(error))
