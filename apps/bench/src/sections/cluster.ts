import { type EngineResult, runRecovery, runShuffle } from '../engines.ts';
import type { BenchOptions } from '../options.ts';
import { best, markdown, ratio, seconds } from '../table.ts';
import { each, enginesOf } from './context.ts';

/** All of lineitem through a shuffle of 200 partitions between two executors. */
export async function shuffleSection(options: BenchOptions): Promise<string> {
  const results = await each(enginesOf('cluster', options), (engine) => runShuffle(engine, options));
  const timeOf = (result: EngineResult) => best(result, (line) => line['name'] === 'repartition_200_lineitem');
  const kiln = results[0] && timeOf(results[0]);
  const rows = results.map((result) => [
    result.engine,
    seconds(timeOf(result)),
    ratio(timeOf(result), kiln),
    result.measured.cpuSeconds.toFixed(1),
    String(result.measured.peakRssMb),
  ]);
  const table = markdown(['engine', 's', "of Kiln's", 'CPU s', 'peak RSS MB'], rows);
  return `## A shuffle of lineitem (4 columns, 200 partitions) at scale ${options.scale}, two executors of one core, best of 2\n\n${table}`;
}

/** One executor of four is killed when half of the undisturbed time is over. */
export async function recoverySection(options: BenchOptions): Promise<string> {
  const results = await each(enginesOf('cluster', options), (engine) => runRecovery(engine, options));
  const rows = results.map((result) => {
    const whole = best(result, (line) => line['name'] === 'undisturbed');
    const disturbed = best(result, (line) => line['name'] === 'one_killed');
    const answers = new Set(result.lines.flatMap((line) => (line['result'] === undefined ? [] : [line['result']])));
    return [
      result.engine,
      seconds(whole),
      seconds(disturbed),
      ratio(disturbed, whole),
      answers.size === 1 ? 'yes' : 'no',
    ];
  });
  const table = markdown(['engine', 'undisturbed s', 'one killed s', 'ratio', 'same answer'], rows);
  return `## Recovery: four executors of one core, one killed at half time\n\n${table}`;
}
