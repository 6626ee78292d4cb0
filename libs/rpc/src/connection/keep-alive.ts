import type { Http2Session } from 'node:http2';

/**
 * Ends a session whose peer answers no pings: a closed connection is noticed at once, a cut cable or a stopped process is not.
 * The result stops it.
 */
export function keepAlive(session: Http2Session, silenceMillis: number): () => void {
  let heard = Date.now();
  const check = () => {
    if (session.destroyed) return clearInterval(timer);
    if (Date.now() - heard > silenceMillis) {
      clearInterval(timer);
      session.destroy(new Error(`the peer was silent for ${silenceMillis} ms`));
      return;
    }
    session.ping((error) => {
      if (error === null) heard = Date.now();
    });
  };
  const timer = setInterval(check, Math.max(50, Math.floor(silenceMillis / 4)));
  timer.unref();
  return () => clearInterval(timer);
}
