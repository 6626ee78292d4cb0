/**
 * For the main of a process that `startChild` starts: calls back once when the process that started it is gone, however it ended. Nothing
 * else may read the standard input. The result stops it.
 */
export function whenParentIsGone(callback: () => void): () => void {
  let isOver = false;
  const gone = () => {
    if (isOver) return;
    isOver = true;
    callback();
  };
  process.stdin.once('end', gone).once('close', gone).once('error', gone).resume();
  // It keeps nobody alive.
  (process.stdin as { unref?: () => void }).unref?.();
  return () => {
    isOver = true;
  };
}
