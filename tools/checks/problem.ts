/** One finding of a check. Warnings are shown and do not fail. */
export interface Problem {
  readonly file: string;
  readonly line?: number;
  readonly text: string;
  readonly warning?: boolean;
}

export function describeProblem({ file, line, text, warning }: Problem): string {
  return `${warning ? 'warning: ' : ''}${file}${line ? `:${line}` : ''}: ${text}`;
}
