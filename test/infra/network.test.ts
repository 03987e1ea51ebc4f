import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2'
import { AwsSolutionsChecks } from 'cdk-nag'
import { newApp, wordCountIn } from './examples.ts'

/** Code is bundled in template.test.ts. */
const unbundled = () => newApp({ 'aws:cdk:bundling-stacks': [] })

test('a stage runs in a VPC, with what Lambda needs for it and no more', () => {
  const app = unbundled()
  const { stack } = wordCountIn(app, stack => {
    const vpc = Vpc.fromVpcAttributes(stack, 'Network', {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: ['eu-central-1a', 'eu-central-1b'],
      privateSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    })
    return {
      stages: {
        word: { vpc, securityGroups: [SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-0123456789abcdef0')] },
      },
    }
  })
  const template = Template.fromStack(stack)
  template.hasResourceProperties('AWS::Lambda::Function', {
    FunctionName: 'word-count-word',
    VpcConfig: {
      SecurityGroupIds: ['sg-0123456789abcdef0'],
      SubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    },
  })
  template.hasResourceProperties('AWS::Lambda::Function', {
    FunctionName: 'word-count-lines',
    VpcConfig: Match.absent(),
  })
  const allowed = Object.values(template.findResources('AWS::IAM::Policy')).filter(policy =>
    JSON.stringify(policy).includes('ec2:CreateNetworkInterface'),
  )
  assert.equal(allowed.length, 1)
  assert.deepEqual(new AwsSolutionsChecks(app).validateScope(stack.node.findChild('Pipeline')).violations, [])
})

test('subnets and security groups without a VPC are refused', () => {
  const inSubnets = () => wordCountIn(unbundled(), { everyStage: { vpcSubnets: {} } })
  assert.throws(inSubnets, /stage "word" has subnets or security groups and no VPC, expected vpc as well/)
})
