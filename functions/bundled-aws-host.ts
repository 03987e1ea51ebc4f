import { type AwsHosts, awsHosts } from './aws-host.ts'

/**
 * Stands for `load-aws-host.ts` in a bundle made under the condition `millrace-bundle`: a bundler keeps all of what may be imported later,
 * but of what is imported at once only what is used, which is a seventh less of the whole.
 */
export const loadAwsHosts = async (): Promise<AwsHosts> => awsHosts()
