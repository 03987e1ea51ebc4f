import type { AwsHosts } from './aws-host.ts'

/**
 * Loads what a function needs on AWS, the SDK included, when it is called. What runs elsewhere never does: it starts sooner, and needs no
 * SDK. A bundle takes `bundled-aws-host.ts` in this file's place: see "imports" in package.json.
 */
export async function loadAwsHosts(): Promise<AwsHosts> {
  const { awsHosts } = await import('./aws-host.ts')
  return awsHosts()
}
