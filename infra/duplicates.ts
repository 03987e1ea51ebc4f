import { CfnResource, Stack } from 'aws-cdk-lib'
import { CfnTable } from 'aws-cdk-lib/aws-dynamodb'
import { CfnStream } from 'aws-cdk-lib/aws-kinesis'
import { CfnFunction } from 'aws-cdk-lib/aws-lambda'
import type { IConstruct } from 'constructs'
import { isResource } from './resource-type.ts'

/** Tables, streams and functions of `scope` that have the name of another of their kind in the same account and region. */
export function duplicateNames(scope: IConstruct): string[] {
  const others = namesBelow(scope.node.root)
  return [...new Set(namesBelow(scope))].flatMap(name =>
    others.filter(other => other === name).length === 1
      ? []
      : [`there are two ${name}, expected a prefix for one of them`],
  )
}

/** As in `functions named "orders-side" in aws://unknown-account/unknown-region`. */
const namesBelow = (scope: IConstruct): string[] =>
  scope.node.findAll().flatMap(construct => {
    const named = CfnResource.isCfnResource(construct) ? nameOf(construct) : undefined
    return named === undefined ? [] : [`${named} in ${Stack.of(construct).environment}`]
  })

function nameOf(resource: CfnResource): string | undefined {
  if (isResource(resource, CfnTable)) return named('tables', resource.tableName)
  if (isResource(resource, CfnStream)) return named('streams', resource.name)
  if (isResource(resource, CfnFunction)) return named('functions', resource.functionName)
  return undefined
}

const named = (kind: string, name: string | undefined): string | undefined =>
  name === undefined ? undefined : `${kind} named "${name}"`
