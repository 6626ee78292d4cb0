import { clientError } from '../errors.ts';

const wanted = 24;

/** Refuses to start where the engine would stumble over what an older Node.js lacks. Errors: KILN_NODE_VERSION. */
export function requireNode(version: string = process.versions.node): void {
  if (Number.parseInt(version, 10) >= wanted) return;
  throw clientError('KILN_NODE_VERSION', `Kiln runs on Node.js ${wanted} or newer; this is ${version}.`, {
    hint: 'Install the npm package "node" and start the program with npx node, or run it as a job: npx kiln run job.yaml.',
  });
}
