import { errorToData } from '@kiln/base';
import { excerpt, type JobSource } from '@kiln/client/job-file';
import { type Report, reportOf } from './report.ts';

/** The report of an error of a job, with the line of the job file it points to. */
export function jobReport(error: unknown, source: JobSource | undefined): Report {
  const data = errorToData(error);
  if (data.code === 'KILN_JOB_FILE') return { ...reportOf({ ...data, position: null, concerns: {} }, null) };
  const inFile = source !== undefined && data.concerns['file'] === source.file;
  return reportOf(data, inFile ? { name: source.file, excerpt: (position) => excerpt(source, position) } : null);
}
