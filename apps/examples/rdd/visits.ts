// Visits by country and device.
import { Session } from '@kiln/client';

await using session = await Session.create({ master: 'local[2]' });
const visits = session.createDataFrame(
  [
    ['at', 'phone'],
    ['de', 'phone'],
    ['de', 'tablet'],
    ['de', 'phone'],
    ['at', 'desktop'],
    ['at', 'phone'],
  ],
  ['country', 'device'],
);
await visits.groupBy('country', 'device').count().orderBy('country', 'device').show();
