export { DefaultPlanner } from './default-planner.ts';
