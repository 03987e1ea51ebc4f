import type { SchemaSource } from '../../shared/codecs/framing/schema-source.ts'
import type { AwsOptions } from './aws-options.ts'
import { UsageError } from './command-line.ts'

/** What a command knows of the registry whose schemas its records carry. */
export type RegistryOptions = Pick<AwsOptions, 'data' | 'aws' | 'endpoint' | 'region'> & { readonly registry?: string }

/** Throws a UsageError unless --registry is an address, or a registry of AWS Glue. */
export function checkRegistry({ registry: text }: RegistryOptions): void {
  if (text === undefined || glueName(text) !== undefined) return
  if (text.startsWith('glue:')) {
    throw new UsageError(
      `Cannot use --registry "${text}": it does not name a registry of AWS Glue, expected something like glue:my-registry`,
    )
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return
  throw new UsageError(
    `Cannot use --registry "${text}": it is not an address, expected something like http://127.0.0.1:8081 or glue:my-registry`,
  )
}

/** A client of the registry, undefined where there is none. At an endpoint Glue is there too. */
export async function registryOf({
  registry: text,
  region,
  endpoint,
}: RegistryOptions): Promise<SchemaSource | undefined> {
  if (text === undefined) return undefined
  const { confluentRegistry, glueRegistry } = await import('../../shared/registry/index.ts')
  const registryName = glueName(text)
  if (registryName === undefined) return confluentRegistry({ url: text })
  return glueRegistry({
    registryName,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
  })
}

/** Under which the schema of a stream's records is registered where the user does not say: as the serializers of each registry do. */
export const defaultSubject = ({ registry = '' }: RegistryOptions, stream: string): string =>
  glueName(registry) === undefined ? `${stream}-value` : stream

/** The options without the region where that is Glue's alone, because the stream is in a data folder. */
export function streamOptions<Options extends RegistryOptions>(options: Options): Options {
  const { registry = '', aws, endpoint } = options
  const isGlueAlone = glueName(registry) !== undefined && !aws && endpoint === undefined
  return isGlueAlone ? { ...options, region: undefined } : options
}

/** As Glue allows. */
const glueName = (text: string): string | undefined => /^glue:([\w.$#-]{1,255})$/.exec(text)?.[1]
