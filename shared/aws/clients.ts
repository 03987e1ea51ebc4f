import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import type { S3Client } from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { AwsSettings } from './settings.ts'

/** Connections to the services: made once for each environment, and kept alive. */
export type AwsClients = {
  readonly dynamo: DynamoDBClient
  readonly kinesis: KinesisClient
  /** Loaded and made with the first file: most pipelines write none. */
  s3(): Promise<S3Client>
  /** Closes all connections. */
  close(): void
}

/**
 * The SDK tries again what was throttled or got no answer, at most this often in all: after random pauses below a bound that begins at 1 s
 * for throttling, 50 ms else, and doubles. The invocation's deadline ends them, see calls.ts; what fails then is Lambda's to retry.
 */
const mostAttempts = 4

/** An answer that takes longer is taken for lost. Far above what any of our calls needs. */
export const timeouts = { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true }

/** Connections of one client: the pages of a stage's key groups go side by side. The SDK's own 50 would have it warn of calls that queue. */
const agent = { maxSockets: 128 }

/** Where an endpoint is given, as of an emulator, and the environment names no credentials and no region, these do. */
const emulatorCredentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const emulatorRegion = 'us-east-1'

/** Makes the clients of the settings' endpoint and region. Nothing is sent until a port is used. */
export function awsClients(settings: AwsSettings, env: Environment = process.env): AwsClients {
  const config = clientConfig(settings, env)
  // HTTP/1.1 for all: the Kinesis client's own choice is HTTP/2, which emulators do not speak.
  const handler = () => new NodeHttpHandler({ ...timeouts, httpAgent: agent, httpsAgent: agent })
  const dynamo = new DynamoDBClient({ ...config, requestHandler: handler() })
  const kinesis = new KinesisClient({ ...config, requestHandler: handler() })
  let s3: Promise<S3Client> | undefined
  const makeS3 = async (): Promise<S3Client> => {
    const { S3Client } = await import('@aws-sdk/client-s3')
    return new S3Client({
      ...config,
      requestHandler: handler(),
      forcePathStyle: (settings.endpoint ?? env.AWS_ENDPOINT_URL) !== undefined,
    })
  }
  return {
    dynamo,
    kinesis,
    s3: () => (s3 ??= makeS3()),
    close: () => {
      dynamo.destroy()
      kinesis.destroy()
      void s3?.then(client => client.destroy()).catch(() => undefined)
    },
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** What all clients of AWS have in common: where the service is, and how often a call is tried. */
export function clientConfig(
  { endpoint, region }: Pick<AwsSettings, 'endpoint' | 'region'>,
  env: Environment = process.env,
) {
  const common = { maxAttempts: mostAttempts, retryMode: 'standard' }
  if (endpoint === undefined) return { ...common, ...(region && { region }) }
  const hasCredentials = env.AWS_ACCESS_KEY_ID !== undefined || env.AWS_PROFILE !== undefined
  return {
    ...common,
    endpoint,
    region: region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? emulatorRegion,
    ...(!hasCredentials && { credentials: emulatorCredentials }),
  }
}
