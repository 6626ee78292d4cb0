// @ts-check
import { definePlugin } from '@kiln/contracts/plugin';
import { SchedulingPolicy } from '@kiln/contracts/task-scheduler';
import { DeadlinePolicy } from './deadline-policy.js';

const seconds = { type: 'number', exclusiveMinimum: 0 };

export default definePlugin({
  id: 'deadline-scheduler',
  contracts: '^0.1.0',
  roles: ['driver'],
  config: {
    type: 'object',
    properties: { deadlines: { type: 'object', additionalProperties: seconds }, otherwise: seconds },
    additionalProperties: false,
  },
  register(env) {
    env.bindValue(SchedulingPolicy, new DeadlinePolicy(env.config));
  },
});
