/** Where a service of AWS is, beside what the environment says. */
export type ServicePlace = {
  /** @default the environment's */
  readonly region?: string
  /** Another address than AWS's own, e.g. of an emulator. @default none */
  readonly endpoint?: string
}

/** Where an endpoint is given, and the environment names no credentials and no region, these do: emulators want some. */
const emulatorCredentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const emulatorRegion = 'us-east-1'

/** What the SDK's clients are made with. */
export function clientConfig({ region, endpoint }: ServicePlace, env: NodeJS.ProcessEnv = process.env) {
  if (endpoint === undefined) return { ...(region !== undefined && { region }) }
  const hasCredentials = env.AWS_ACCESS_KEY_ID !== undefined || env.AWS_PROFILE !== undefined
  return {
    endpoint,
    region: region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? emulatorRegion,
    ...(!hasCredentials && { credentials: emulatorCredentials }),
  }
}

/** Made at the first use, once; a failure is not kept. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch(error => {
      made = undefined
      throw error
    })
    return made
  }
}
