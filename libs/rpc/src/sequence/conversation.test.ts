import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Conversation, type SequencedFrame } from './conversation.ts';

interface Message {
  sequence: bigint;
  readonly text: string;
}

class Side {
  readonly heard: string[] = [];
  readonly conversation: Conversation<Message, Message, { beat: number }>;
  beats = 0;
  constructor(maxFrameBytes = 1000, acknowledgeMillis = 0) {
    this.conversation = new Conversation({
      onMessage: ({ text }) => this.heard.push(text),
      weigh: ({ text }) => text.length,
      maxFrameBytes,
      acknowledgeMillis,
      extra: () => ({ beat: ++this.beats }),
    });
  }
  say(text: string): void {
    this.conversation.send({ sequence: 0n, text });
  }
}

type Frame = SequencedFrame<Message>;

/** All frames that are there now. */
async function drain(side: Side): Promise<Frame[]> {
  const end = new AbortController();
  const frames: Frame[] = [];
  const reading = (async () => {
    for await (const frame of side.conversation.frames(end.signal)) frames.push(frame);
  })();
  await new Promise((resolve) => setImmediate(resolve));
  end.abort();
  await reading;
  return frames;
}

/** What came to `side` from `other`, which hears that it did. */
async function hear(side: Side, frames: readonly Frame[], other: Side): Promise<void> {
  for (const frame of frames) side.conversation.receive(frame);
  for (const frame of await drain(side)) other.conversation.receive(frame);
}

describe('a conversation', () => {
  it('puts what is said in one turn into one frame, in order, up to its size', async () => {
    const side = new Side(4);
    for (const text of ['ab', 'cd', 'ef', 'longer than a frame', 'g']) side.say(text);
    const frames = await drain(side);
    expect(frames.map((frame) => frame.messages.map((message) => message.text))).toEqual([
      ['ab', 'cd'],
      ['ef'],
      ['longer than a frame'],
      ['g'],
    ]);
  });

  it('sends on a new stream what was not acknowledged, and nothing else', async () => {
    const [a, b] = [new Side(), new Side()];
    a.say('one');
    a.say('two');
    for (const frame of await drain(a)) b.conversation.receive(frame);
    a.say('three');
    // Its acknowledgement was lost with the stream.
    const [again] = await drain(a);
    expect(again?.messages.map((message) => message.text)).toEqual(['one', 'two', 'three']);
    for (const frame of await drain(b)) a.conversation.receive(frame);
    expect(a.conversation.pending).toBe(1);
    if (again !== undefined) b.conversation.receive(again);
    expect(b.heard).toEqual(['one', 'two', 'three']);
  });

  it('acknowledges with the next message, or alone after a while', async () => {
    const [a, b] = [new Side(), new Side(1000, 20)];
    a.say('one');
    for (const frame of await drain(a)) b.conversation.receive(frame);
    const end = new AbortController();
    const frames = b.conversation.frames(end.signal);
    const next = frames.next();
    b.say('answer');
    expect((await next).value).toMatchObject({ acknowledged: 1n, messages: [{ text: 'answer' }] });
    a.say('two');
    for (const frame of await drain(a)) b.conversation.receive(frame);
    expect((await frames.next()).value).toMatchObject({ acknowledged: 2n, messages: [] });
    end.abort();
  });

  it('puts something beside the messages when asked to, once', async () => {
    const side = new Side();
    side.conversation.nudge();
    expect(await drain(side)).toEqual([{ acknowledged: 0n, messages: [], beat: 1 }]);
    expect(await drain(side)).toEqual([]);
  });

  it('passes on every message once and in order, whatever frames are lost, doubled, late or swapped', async () => {
    const frames = fc.array(
      fc.record({ said: fc.nat(5), lose: fc.boolean(), twice: fc.boolean(), late: fc.boolean() }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(frames, async (plan) => {
        const [a, b] = [new Side(10), new Side()];
        const held: Frame[] = [];
        let said = 0;
        for (const { said: count, lose, twice, late } of plan) {
          for (let i = 0; i < count; i++) a.say(`${said++}`);
          const frames = lose ? [] : await drain(a);
          if (late) held.unshift(...frames);
          if (!late || twice) await hear(b, frames, a);
        }
        await hear(b, held, a);
        await hear(b, await drain(a), a);
        expect(b.heard).toEqual(Array.from({ length: said }, (_, index) => `${index}`));
        expect(a.conversation.pending).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('is not disturbed by acknowledgements of what was never said', () => {
    const side = new Side();
    side.say('one');
    side.conversation.receive({ acknowledged: 99n, messages: [] });
    expect(side.conversation.pending).toBe(1);
  });
});
