// The words of text files, most frequent first: node word-count.ts [FILES]
import { Session } from '@kiln/client';

const [files = new URL('../../../ARCHITECTURE.md', import.meta.url).pathname] = process.argv.slice(2);

await using session = await Session.create({ master: 'local[2]' });
const counts = session.sparkContext
  .textFile(files)
  .flatMap((line) => line.toLowerCase().match(/[a-z]+/g) ?? [])
  .map((word): [string, number] => [word, 1])
  .reduceByKey((a, b) => a + b);

for (const [word, count] of await counts.sortBy(([word, count]) => [-count, word]).take(5)) console.log(word, count);
