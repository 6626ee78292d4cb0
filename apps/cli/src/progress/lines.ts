import type { EngineEvent } from '@kiln/contracts';
import { bytesText, countText, durationText } from '../report/units.ts';
import type { StageState } from './stage-progress.ts';

type EventOf<Type extends EngineEvent['type']> = Extract<EngineEvent, { type: Type }>;

const mostCharacters = 120;
/** Failures of tasks of one stage attempt that are told: the rest is much the same. */
const mostFailures = 3;

/**
 * The plain lines of events, where they deserve one: a stage's end, and what went wrong. One thing that goes wrong is one line, whatever
 * follows from it: the tasks of a lost executor are counted in its line, the tasks that miss one output are one.
 */
export class EventLines {
  /** Running tasks by executor. */
  readonly #running = new Map<string, number>();
  readonly #hosts = new Map<string, string>();
  readonly #lost = new Set<string>();
  /** Told failures by stage attempt. */
  readonly #failures = new Map<string, number>();
  /** Stage attempts that a lost output ended. */
  readonly #interrupted = new Set<string>();

  /** `isTrouble`: something went wrong. `ended`: the stage that the event ended. */
  of(event: EngineEvent, ended: StageState | undefined): { readonly text: string; readonly isTrouble: boolean } | null {
    const trouble = this.#trouble(event);
    if (trouble !== undefined) return trouble === null ? null : { text: trouble, isTrouble: true };
    switch (event.type) {
      case 'stage-completed':
        return { text: stageLine(event, ended), isTrouble: false };
      case 'stage-skipped':
        return { text: `stage ${event.stage.stageId}: skipped, its output is there already`, isTrouble: false };
      default:
        return null;
    }
  }

  /** `null`: told already; `undefined`: it is none. */
  #trouble(event: EngineEvent): string | null | undefined {
    switch (event.type) {
      case 'task-started':
        this.#count(event.task.executorId, 1);
        return undefined;
      case 'task-ended':
        this.#count(event.task.executorId, -1);
        return event.outcome === 'failed' ? this.#taskFailed(event) : undefined;
      case 'executor-added':
        this.#hosts.set(event.executorId, event.host);
        // The first ones are no news.
        return this.#lost.size > 0
          ? `executor ${this.#name(event.executorId)} has come, ${countText(event.slots, 'slot')}`
          : undefined;
      case 'executor-removed':
        return this.#executorRemoved(event);
      case 'executor-decommissioned':
        return `executor ${event.executorId} leaves: ${event.reason}`;
      case 'executor-excluded':
        return `${event.executorId === null ? `host ${event.host}` : `executor ${event.executorId}`} gets no more tasks${event.stageId === null ? '' : ` of stage ${event.stageId}`}: too many failed there`;
      case 'stage-submitted':
        return event.attempt > 0 ? repeatedLine(event) : undefined;
      case 'stage-completed':
        return this.#interrupted.has(`${event.stage.stageId}/${event.attempt}`) ? null : undefined;
      default:
        return undefined;
    }
  }

  #executorRemoved({ executorId, reason }: EventOf<'executor-removed'>): string {
    const running = this.#running.get(executorId) ?? 0;
    this.#lost.add(executorId);
    const name = this.#name(executorId);
    return running === 0
      ? `executor ${name} is gone: ${shortened(reason)}`
      : `executor ${name} is lost: ${shortened(reason)}; ${countText(running, 'task')} ${running === 1 ? 'runs' : 'run'} again`;
  }

  #taskFailed({ task, error }: EventOf<'task-ended'>): string | null {
    const attempt = `${task.stageId}/${task.stageAttempt}`;
    if (error?.code === 'KILN_EXECUTOR_LOST' && this.#lost.has(task.executorId)) return null;
    const stage = `stage ${task.stageId}`;
    if (error?.code === 'FETCH_FAILED') {
      if (this.#interrupted.has(attempt)) return null;
      this.#interrupted.add(attempt);
      return `${stage}: waits for a lost output to be made again: ${shortened(error.message)}`;
    }
    const told = this.#failures.get(attempt) ?? 0;
    this.#failures.set(attempt, told + 1);
    if (told > mostFailures) return null;
    if (told === mostFailures) return `${stage}: more failures of tasks are not shown`;
    const where = task.executorId === 'driver' ? '' : ` on executor ${this.#name(task.executorId)}`;
    return `${stage}: task ${task.partition} failed${where} (attempt ${task.attempt + 1}): ${shortened(error?.message)}`;
  }

  #count(executorId: string, change: number): void {
    this.#running.set(executorId, (this.#running.get(executorId) ?? 0) + change);
  }

  /** `2 (host-b)`, once its host is known. */
  #name(executorId: string): string {
    const host = this.#hosts.get(executorId);
    return host === undefined ? executorId : `${executorId} (${host})`;
  }
}

function repeatedLine({ stage, attempt, tasks }: EventOf<'stage-submitted'>): string {
  const what =
    stage.kind === 'shuffle-map'
      ? `makes ${countText(tasks, 'lost output')} again`
      : `runs ${countText(tasks, 'task')}`;
  return `stage ${stage.stageId}: attempt ${attempt + 1} ${what}`;
}

function stageLine({ stage, outcome, time }: EventOf<'stage-completed'>, ended: StageState | undefined): string {
  // Why is told once, at the end.
  if (outcome !== 'succeeded') return `stage ${stage.stageId}: ${outcome}`;
  const parts = [
    `${countText(ended?.tasks ?? 0, 'task')} in ${durationText(time - (ended?.startedAt ?? time))}`,
    ...(ended?.bytesRead ? [`read ${bytesText(ended.bytesRead)}`] : []),
    ...(ended?.bytesShuffled ? [`shuffled ${bytesText(ended.bytesShuffled)}`] : []),
  ];
  return `stage ${stage.stageId}: ${parts.join(', ')}  ${stage.name}`;
}

function shortened(text = 'no reason given'): string {
  const [line = ''] = text.split('\n');
  return line.length <= mostCharacters ? line : `${line.slice(0, mostCharacters - 1)}…`;
}
