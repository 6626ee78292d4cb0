// The process of a driver that may be killed: does what its parent asks, and ends with it.
import { Session } from '@kiln/client';
import type { DriverReport, DriverRequest } from './driver.ts';
import { runJob } from './jobs.ts';

let session: Session | undefined;
let directory = '';

const say = (report: DriverReport) => process.connected && process.send?.(report);

async function answer(request: DriverRequest): Promise<DriverReport> {
  if (request.type === 'start') {
    directory = request.directory;
    session = await Session.create(request.session);
    session.listen((event) => say({ type: 'event', event }));
    return { type: 'started', appId: session.appId };
  }
  if (session === undefined) throw new Error('it was not started');
  return { type: 'rows', rows: await runJob(request.job, { session, directory, faultsDone: async () => {} }) };
}

process.on('message', (request: DriverRequest) => {
  void answer(request)
    .catch((error: Error & { code?: string }): DriverReport => {
      return { type: 'failed', code: error.code ?? 'none', message: error.message };
    })
    .then(say);
});
process.on('disconnect', () => void session?.stop());
