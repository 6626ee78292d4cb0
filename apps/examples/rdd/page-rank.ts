// PageRank over lines `page page`, the first of which links to the second: node page-rank.ts [FILE] [ITERATIONS]
import { Session } from '@kiln/client';

const [file = new URL('./links.txt', import.meta.url).pathname, iterations = '10'] = process.argv.slice(2);

await using session = await Session.create({ master: 'local[2]' });
// Grouped once: partitioned by page, so that no iteration moves it again.
const links = session.sparkContext
  .textFile(file)
  .map((line): [string, string] => line.split(/\s+/) as [string, string])
  .distinct()
  .groupByKey({ numPartitions: 2 });

let ranks = links.mapValues(() => 1);
for (let i = 0; i < Number(iterations); i++) {
  ranks = links
    .join(ranks)
    .flatMap(([, [targets, rank]]) => targets.map((page): [string, number] => [page, rank / targets.length]))
    .reduceByKey((a, b) => a + b, { numPartitions: 2 })
    .mapValues((sum) => 0.15 + 0.85 * sum);
}

for (const [page, rank] of await ranks.sortBy(([, rank]) => rank, { ascending: false }).collect())
  console.log(page, rank.toFixed(4));
