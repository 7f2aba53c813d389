import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { BarrierPoisonedError } from "../../workers/barrier.js";
import { Random, testSeed } from "../random.js";
import { Ending, MEETINGS } from "./fixtures/meet.js";
import { Meeting } from "./meeting.js";

const seed = testSeed();

async function withMeeting(meeting: Meeting, use: (meeting: Meeting) => Promise<void>): Promise<void> {
  try {
    await use(meeting);
  } finally {
    meeting.barrier.poison();
    await meeting.close();
  }
}

describe("barrier", () => {
  for (const spin of [false, true])
    for (const threads of spin ? [1, 2, 3, 4, 8] : [1, 2, 3, 4, 5, 6, 7, 8])
      it(`${threads} threads meet ${MEETINGS} times and none passes early, ${spin ? "looking first" : "sleeping"}`, () =>
        withMeeting(new Meeting(threads, spin), async (meeting) => {
          meeting.start();
          expect(await meeting.ended()).to.deep.equal(
            Array.from({ length: threads }, () => ({ passed: MEETINGS, ending: Ending.passed })),
          );
        }));

  it("poison releases those who sleep there", () =>
    withMeeting(new Meeting(3, false, 4), async (meeting) => {
      meeting.start();
      // one of four is missing, so that nobody can pass; the sleep only makes it likely that they sleep
      while (meeting.furthest === 0) await sleep(1);
      await sleep(20);
      meeting.barrier.poison();
      expect(await meeting.ended()).to.deep.equal(
        Array.from({ length: 3 }, () => ({ passed: 0, ending: Ending.poisoned })),
      );
    }));

  it("poison refuses those who come later, and the main thread too", () =>
    withMeeting(new Meeting(2, false), async (meeting) => {
      meeting.barrier.poison();
      meeting.start();
      expect(await meeting.ended()).to.deep.equal(
        Array.from({ length: 2 }, () => ({ passed: 0, ending: Ending.poisoned })),
      );
      expect(() => {
        meeting.barrier.wait();
      }).to.throw(BarrierPoisonedError, "another worker of this batch failed");
    }));

  it("works again after a reset", () =>
    withMeeting(new Meeting(3, false), async (meeting) => {
      meeting.start();
      while (meeting.furthest < 10) await sleep(1);
      meeting.barrier.poison();
      await meeting.ended();
      for (let round = 0; round < 3; round++) {
        meeting.barrier.reset();
        meeting.start();
        const reports = await meeting.ended();
        expect(
          reports.every(({ passed, ending }) => passed === MEETINGS && ending === Ending.passed),
        ).to.equal(true);
      }
    }));

  it("forgets in a reset who had arrived before the poison", () =>
    withMeeting(new Meeting(1, false, 2), async (meeting) => {
      for (let round = 0; round < 2; round++) {
        meeting.barrier.reset();
        meeting.start();
        while (meeting.furthest === 0) await sleep(1);
        await sleep(20);
        meeting.barrier.poison();
        // with the first round's arrival still counted, the second would be its own partner
        expect(await meeting.ended()).to.deep.equal([{ passed: 0, ending: Ending.poisoned }]);
      }
    }));

  for (const [threads, spin] of [
    [1, false],
    [2, false],
    [2, true],
    [4, true],
  ] as const)
    it(`${threads} threads: a poison at any moment ends 100 rounds, spin ${spin} (TEST_SEED=${seed})`, () =>
      withMeeting(new Meeting(threads, spin), async (meeting) => {
        const random = new Random(seed);
        let poisoned = 0;
        for (let round = 0; round < 100; round++) {
          meeting.barrier.reset();
          meeting.start();
          const moment = random.integer(0, 200);
          const until = performance.now() + 2;
          // at a meeting of the round, so that it often races with the last arrival
          while (meeting.furthest < moment && performance.now() < until);
          meeting.barrier.poison();
          const reports = await meeting.ended();
          expect(
            reports.every(({ ending }) => ending === Ending.poisoned || ending === Ending.passed),
            `round ${round} of seed ${seed}: ${JSON.stringify(reports)}`,
          ).to.equal(true);
          // who passes the last meeting and who finds it poisoned may differ, but by one meeting at most
          const passed = reports.map((report) => report.passed);
          expect(Math.max(...passed) - Math.min(...passed), `round ${round} of seed ${seed}`).to.be.at.most(
            1,
          );
          poisoned += reports.filter(({ ending }) => ending === Ending.poisoned).length;
        }
        expect(poisoned).to.be.above(0);
      }));
});
