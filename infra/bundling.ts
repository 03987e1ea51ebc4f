import type { BundlingOptions } from 'aws-cdk-lib/aws-lambda-nodejs'
import { LogLevel, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs'
import { unusedParts } from '../shared/plan/parts.ts'
import type { Plan } from '../shared/plan/plan.ts'

/** How esbuild makes a function's code. */
export type Bundling = BundlingOptions

/**
 * One ES module with everything in it, the SDK's clients included: what was tested is what runs, and a cold start reads one file. Some
 * packages are CommonJS and ask for Node's own modules by `require`, which an ES module has to make itself.
 */
export const bundling = {
  format: OutputFormat.ESM,
  target: 'node24',
  mainFields: ['module', 'main'],
  minify: true,
  sourceMap: true,
  sourcesContent: false,
  bundleAwsSDK: true,
  externalModules: ['@aws-sdk/client-s3'],
  logLevel: LogLevel.WARNING,
  banner: "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);",
} as const satisfies Bundling

/**
 * Which of the modules that "imports" in package.json names are bundled: the host of a deployed function, see functions/bundled-aws-host.ts,
 * and the parts of the engine that the program uses, see shared/operators/parts. `module` is esbuild's own, while it is given no others.
 */
export const conditionsFor = (plan: Plan): string =>
  ['module', 'millrace-bundle', ...unusedParts(plan).map(part => `millrace-without-${part}`)].join(',')
