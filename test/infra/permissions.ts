import type { Template } from 'aws-cdk-lib/assertions'

/** What a statement allows, with the resources' names instead of their places in the template. */
export type Permission = {
  readonly actions: readonly string[]
  readonly on: readonly string[]
  /** Beginnings of the partition keys, where it is restricted to some. */
  readonly keys?: readonly string[]
}

/** What the role of a function may do. */
export function permissionsOf(template: Template, functionName: string): readonly Permission[] {
  const { Resources } = template.toJSON()
  const [found] = Object.values(
    template.findResources('AWS::Lambda::Function', { Properties: { FunctionName: functionName } }),
  )
  const role = found?.Properties.Role['Fn::GetAtt'][0]
  const log = found?.Properties.LoggingConfig.LogGroup.Ref
  return statementsIn(template)
    .filter(({ roles }) => roles.includes(role))
    .map(({ statement: { Action, Resource, Condition } }) => ({
      actions: [Action].flat(),
      on: [Resource]
        .flat()
        .map(({ 'Fn::GetAtt': [id = '', attribute] }) => {
          const { Name, TableName } = Resources[id].Properties
          return id === log ? 'its log' : (Name ?? TableName ?? `${id}.${attribute}`)
        })
        .sort(),
      ...(Condition && { keys: Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys'] }),
    }))
}

/** Every star in an action or a resource, policies that come with AWS, and principals that are no service. */
export function tooMuchAllowed(template: Template): string[] {
  const statements = statementsIn(template).flatMap(
    ({ policy, statement: { Action, NotAction, Resource, NotResource } }) => {
      const said = [...[Action].flat(), ...[Resource].flat()].map(part => JSON.stringify(part ?? 'nothing'))
      const open = NotAction !== undefined || NotResource !== undefined ? ['all but some'] : []
      return [...open, ...said.filter(part => part.includes('*'))].map(part => `${policy} allows ${part}`)
    },
  )
  const roles = Object.entries(template.findResources('AWS::IAM::Role')).flatMap(([role, { Properties }]) => [
    ...(Properties.ManagedPolicyArns ?? []).map((arn: unknown) => `${role} has ${JSON.stringify(arn)}`),
    ...(Properties.Policies ?? []).map(() => `${role} has policies of its own, which this test does not read`),
    ...Properties.AssumeRolePolicyDocument.Statement.filter(
      ({ Principal }: { Principal: object }) => Object.keys(Principal).join() !== 'Service',
    ).map(() => `${role} can be taken on by others than services`),
  ])
  return [...statements, ...roles]
}

const statementsIn = (template: Template) =>
  Object.entries(template.findResources('AWS::IAM::Policy')).flatMap(([policy, { Properties }]) => {
    const roles: string[] = Properties.Roles.map(({ Ref }: { Ref: string }) => Ref)
    return Properties.PolicyDocument.Statement.map((statement: Statement) => ({ policy, roles, statement }))
  }) as { readonly policy: string; readonly roles: readonly string[]; readonly statement: Statement }[]

type Place = { readonly 'Fn::GetAtt': readonly string[] }

type Statement = {
  readonly Action: string | readonly string[]
  readonly NotAction?: unknown
  readonly Resource: Place | readonly Place[]
  readonly NotResource?: unknown
  readonly Condition?: { readonly 'ForAllValues:StringLike': { readonly 'dynamodb:LeadingKeys': readonly string[] } }
}
