export { cutLineage, type LineageStage, lineageRunner } from './cut-lineage.ts';
export { DefaultPlanner } from './default-planner.ts';
