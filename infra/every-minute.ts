import { Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler'
import type { Construct } from 'constructs'

/** Has a function invoked once a minute. */
export function everyMinute(scope: Construct, target: IFunction, description: string): void {
  const role = new Role(scope, 'SchedulerRole', {
    // The service works for everybody: only schedules of this account may make it invoke the function.
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
    description,
  })
  const actions = ['lambda:InvokeFunction']
  role.addToPolicy(new PolicyStatement({ actions, resources: [target.functionArn] }))
  const schedule = new CfnSchedule(scope, 'Schedule', {
    description,
    scheduleExpression: 'rate(1 minute)',
    flexibleTimeWindow: { mode: 'OFF' },
    target: {
      arn: target.functionArn,
      roleArn: role.roleArn,
      // The next time makes up for one that was missed.
      retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
    },
  })
  schedule.node.addDependency(role)
}
