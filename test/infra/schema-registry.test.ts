import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { App, Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { AwsSolutionsChecks } from 'cdk-nag'
import { SchemaRegistry } from '../../infra/index.ts'
import { tooMuchAllowed } from './permissions.ts'

const stack = new Stack(new App(), 'schemas', { env: { account: '111111111111', region: 'eu-central-1' } })
const registry = new SchemaRegistry(stack, 'Registry', { prefix: 'prod-', name: 'team' })
const caller = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
registry.grantAccess(caller)
const template = Template.fromStack(stack)

describe('a schema registry', () => {
  test('is a function behind a function URL that only those who sign may call', () => {
    template.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM' })
    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Environment: { Variables: Match.objectLike({ MILLRACE_REGISTRY: 'team' }) },
    })
  })

  test('may touch the items of this registry alone', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: [
              'dynamodb:GetItem',
              'dynamodb:Query',
              'dynamodb:PutItem',
              'dynamodb:UpdateItem',
              'dynamodb:ConditionCheckItem',
            ],
            Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['registry/team/*'] } },
          }),
        ]),
      },
    })
    assert.deepEqual(tooMuchAllowed(template), [])
  })

  test('has a table that is kept when it leaves the stack', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: { TableName: 'prod-schema-registry', DeletionProtectionEnabled: true },
    })
  })

  test("keeps cdk-nag's rules for AWS Solutions", () => {
    assert.deepEqual(new AwsSolutionsChecks(stack.node.root as App).validateScope(stack).violations, [])
  })

  test('uses a given table and makes none', () => {
    const other = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'other')
    new SchemaRegistry(other, 'Registry', { table: registry.table, auth: 'none' })
    const made = Template.fromStack(other)
    made.resourceCountIs('AWS::DynamoDB::Table', 0)
    made.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'NONE' })
  })

  test('refuses a name that could reach into the items of another', () => {
    assert.throws(() => new SchemaRegistry(new Stack(), 'Registry', { name: 'a/b' }), {
      message: 'Cannot deploy schema registry "a/b": expected a name of letters, digits, "_", "." or "-"',
    })
  })
})
